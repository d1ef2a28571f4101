// Layout: version (1) ‖ user (16) ‖ numbers of 8 bytes, the most significant first ‖ texts behind their length (2) ‖
// MAC (16). What has another version, from a node of another release, is absent.
#include "sessions/copies.h"

#include <algorithm>
#include <utility>

namespace sessions {
namespace {

constexpr char version = 1;
constexpr size_t mac_size = 16;

void add_number(std::string& out, int64_t number, int bytes = 8) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

void add_text(std::string& out, std::string_view text) {
  add_number(out, static_cast<int64_t>(text.size()), 2);
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  // Empty when there is less left; then everything that follows is, too.
  std::string_view take(size_t size) {
    if (size > in_.size()) return in_ = {}, complete_ = false, std::string_view();
    return std::exchange(in_, in_.substr(size)).substr(0, size);
  }
  int64_t number(size_t bytes = 8) {
    uint64_t value = 0;
    for (const char c : take(bytes)) value = value << 8 | static_cast<uint8_t>(c);
    return static_cast<int64_t>(value);
  }
  core::Time time() { return core::from_millis(number()); }
  std::string text() { return std::string(take(static_cast<size_t>(number(2)))); }
  bool more() const { return !in_.empty(); }
  bool complete() const { return complete_; }

 private:
  std::string_view in_;
  bool complete_ = true;
};

std::string mac_of(SessionId session, std::string_view content, const crypto::HmacKey& key) {
  const auto digest = key({crypto::Bytes(session.value.bytes), crypto::as_bytes(content)});
  return std::string(crypto::as_text(digest).substr(0, mac_size));
}

}  // namespace

std::string to_bytes(const Copy& copy, const crypto::HmacKey& key) {
  std::string out(1, version);
  out += crypto::as_text(copy.user.value.bytes);
  for (const core::Time time :
       {copy.created_at, copy.expires_at, copy.last_active_at, copy.proofs_from, copy.read_at, copy.seen.at})
    add_number(out, core::to_millis(time));
  add_number(out, copy.seen.seq);
  add_number(out, copy.seen.txid);
  add_text(out, copy.roles.stamp);
  for (const auto& assignment : copy.roles.assignments) {
    add_text(out, assignment.role);
    add_number(out, core::to_millis(assignment.expires_at.value_or(core::Time{})));
  }
  return out += mac_of(copy.session, out, key);
}

std::optional<Copy> copy_of(SessionId session, std::string_view bytes, const crypto::HmacKey& key) {
  if (bytes.size() < 1 + mac_size || bytes[0] != version) return std::nullopt;
  const auto content = bytes.substr(0, bytes.size() - mac_size);
  if (!crypto::equal(mac_of(session, content, key), bytes.substr(content.size()))) return std::nullopt;
  Reader in(content.substr(1));
  Copy copy{.session = session};
  const auto user = in.take(copy.user.value.bytes.size());
  std::ranges::copy(user, copy.user.value.bytes.begin());
  for (core::Time* time :
       {&copy.created_at, &copy.expires_at, &copy.last_active_at, &copy.proofs_from, &copy.read_at, &copy.seen.at})
    *time = in.time();
  copy.seen.seq = in.number();
  copy.seen.txid = in.number();
  copy.roles.stamp = in.text();
  while (in.more()) {
    std::string role = in.text();
    const core::Time until = in.time();
    copy.roles.assignments.push_back({.user = copy.user,
                                      .role = std::move(role),
                                      .given_by = {},
                                      .given_at = {},
                                      .expires_at = until == core::Time{} ? std::nullopt : std::optional(until)});
  }
  return in.complete() ? std::optional(copy) : std::nullopt;
}

}  // namespace sessions
