#include "sessions/refresh.h"

namespace sessions {
namespace {

constexpr size_t kept_times = 4;

bool same_family(std::string_view a, std::string_view b) {
  return devices::same_device(devices::Family::parse(a), devices::Family::parse(b));
}

}  // namespace

Verdict judge(const Rotation& rotation, int64_t presented, std::string_view family, core::Time now,
              const RefreshRules& rules) {
  const int64_t current = rotation.generation;
  if (presented == current) return Verdict::rotate;
  if (presented > current) return Verdict::fast_forward;

  const auto rotated_within_grace = [&](int64_t generation) {
    const auto age = static_cast<size_t>(current - 1 - generation);  // times[0] is the rotation of current - 1
    return age < rotation.times.size() && now - rotation.times[age] < rules.grace;
  };
  const bool successor_unconfirmed = presented + 1 == current;
  if (!successor_unconfirmed) return rotated_within_grace(presented + 1) ? Verdict::repeat : Verdict::theft;
  if (rotated_within_grace(presented)) return Verdict::repeat;
  return same_family(family, rotation.answered_to) ? Verdict::repeat_late : Verdict::theft;
}

Rotation rotated(const Rotation& rotation, int64_t presented, std::string_view family, core::Time now) {
  Rotation next{.generation = presented + 1, .times = {now}, .answered_to = std::string(family)};
  if (presented == rotation.generation)
    next.times.insert(next.times.end(), rotation.times.begin(), rotation.times.end());
  // When the lost rotations were is not known: perhaps just now, so calls that are in flight must find the grace.
  else next.times.assign(kept_times, now);
  if (next.times.size() > kept_times) next.times.resize(kept_times);
  return next;
}

}  // namespace sessions
