// Seen by hand: redis-cli --scan --pattern 'usher:{sessions:*' and PTTL of a key.
#include "sessions/copies_redis.h"

#include "cache/kept_connection.h"
#include "core/combiner.h"

namespace sessions {
namespace {

using core::Millis;

constexpr Millis call_limit{50};
constexpr size_t most_at_once = 64;
// Said by one of the four.
constexpr const char* outage = "sessions are read from the database alone: Redis cannot be asked";

// Each KEYS[i] is ARGV[i + 1], for the milliseconds that ARGV[1] tells.
constexpr std::string_view put_script = R"lua(
for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1]) end
return #KEYS
)lua";

struct Asked {
  SessionId session;
  std::string found = {};
};

class Lane {
 public:
  Lane(const cache::Address& address, const std::string& ca_file, size_t number)
      : prefix_("usher:{sessions:" + std::to_string(number) + "}:"),
        kept_(address, ca_file, prefix_ + "probe", number == 0 ? outage : "") {}

  std::string find(SessionId session) {
    Asked asked{session};
    return together_.run(asked, 2 * call_limit) ? asked.found : std::string();
  }

  void put(const std::vector<std::pair<SessionId, std::string>>& copies, const std::string& life) {
    if (copies.empty()) return;
    std::vector<std::string> keys;
    for (const auto& [session, bytes] : copies) keys.push_back(key_of(session));
    const std::string count = std::to_string(keys.size());
    std::vector<std::string_view> words{"EVAL", put_script, count};
    words.insert(words.end(), keys.begin(), keys.end());
    words.push_back(life);
    for (const auto& [session, bytes] : copies) words.push_back(bytes);
    (void)kept_.call(words, call_limit, [](const cache::Reply& reply) { return reply.number > 0; });
  }

 private:
  std::string key_of(SessionId session) const { return prefix_ + session.str(); }

  void find_together(std::span<Asked* const> all) {
    std::vector<std::string> keys;
    for (const Asked* asked : all) keys.push_back(key_of(asked->session));
    std::vector<std::string_view> words{"MGET"};
    words.insert(words.end(), keys.begin(), keys.end());
    auto reply = kept_.call(words, call_limit, [&](const cache::Reply& r) { return r.list.size() == all.size(); });
    if (!reply) return;
    for (size_t i = 0; i < all.size(); ++i) all[i]->found = std::move(reply->list[i].text);
  }

  const std::string prefix_;
  cache::KeptConnection kept_;
  core::Combiner<Asked> together_{1, most_at_once, [this](auto all) { find_together(all); }};
};

class RedisCopies final : public Copies {
 public:
  RedisCopies(const cache::Address& address, const std::string& ca_file, crypto::HmacKey key, core::Seconds life)
      : key_(std::move(key)), life_(std::to_string(Millis(life).count())) {
    for (size_t i = 0; i < lanes_.size(); ++i) lanes_[i] = std::make_unique<Lane>(address, ca_file, i);
  }

  std::optional<Copy> find(SessionId session) override {
    return copy_of(session, lanes_[lane_of(session)]->find(session), key_);
  }

  void put(std::span<const Copy> copies) override {
    std::array<std::vector<std::pair<SessionId, std::string>>, lane_count> by_lane;
    for (const Copy& copy : copies) by_lane[lane_of(copy.session)].emplace_back(copy.session, to_bytes(copy, key_));
    for (size_t i = 0; i < lanes_.size(); ++i) lanes_[i]->put(by_lane[i], life_);
  }

 private:
  static constexpr size_t lane_count = 4;
  static size_t lane_of(SessionId session) { return session.value.bytes[15] % lane_count; }

  const crypto::HmacKey key_;
  const std::string life_;
  std::array<std::unique_ptr<Lane>, lane_count> lanes_;
};

}  // namespace

std::unique_ptr<Copies> create_redis_copies(const cache::Address& address, const cache::Config& config,
                                            crypto::HmacKey key, core::Seconds life) {
  return std::make_unique<RedisCopies>(address, config.tls_ca, std::move(key), life);
}

}  // namespace sessions
