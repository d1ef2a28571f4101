// Owns: what a one-time code is and the rules of its life, without I/O.
// Does not own: the row (code_store.h), the mail that carries it (mail/), limits by address (limits/).
// Thread rule: pure functions on values.
#pragma once
#include <algorithm>

#include "accounts/user.h"
#include "crypto/digest.h"

namespace verification {

// A code opens the door it was made for and no other.
enum class Purpose {
  verify_email,
  reset_password,
  step_up,
  sign_in,
  change_email_old,  // by the mailbox that the account has
  change_email_new,  // by the one that it is to have
  // Nothing is opened by it: issuing under it says whether a notice may be mailed to this user now.
  notice,
};
constexpr std::array<core::Name<Purpose>, 7> names_of(Purpose) {
  return {{{Purpose::verify_email, "verify_email"},
           {Purpose::reset_password, "reset_password"},
           {Purpose::step_up, "step_up"},
           {Purpose::sign_in, "sign_in"},
           {Purpose::change_email_old, "change_email_old"},
           {Purpose::change_email_new, "change_email_new"},
           {Purpose::notice, "notice"}}};
}

// Whether a code is of one request of who has proved a password or is signed in, and opens that one alone.
constexpr bool belongs_to_a_request(Purpose purpose) {
  return purpose == Purpose::step_up || purpose == Purpose::sign_in;
}

enum class Outcome { accepted, refused };

struct Rules {
  core::Millis life{std::chrono::minutes(10)};
  core::Millis cool_down{std::chrono::minutes(1)};  // after issuing, whatever became of that code
  int64_t tries = 5;
  // So many codes in a row that nobody used: each further one doubles the cool-down, so that neither guesses nor mails
  // add up.
  int64_t free_issues = 3;
  int64_t at_once = 0;  // so many of them do not wait for each other
  core::Millis longest_cool_down{std::chrono::hours(1)};
  core::Millis forgotten{std::chrono::days(1)};  // after that long without one the count begins anew

  core::Millis cool_down_after(int64_t issues) const {
    if (issues < at_once) return {};
    const auto doublings = std::clamp<int64_t>(issues - free_issues, 0, 16);
    return std::min(cool_down * (int64_t{1} << doublings), longest_cool_down);
  }
};

// The current code of one user and purpose.
struct Code {
  accounts::UserId user;
  Purpose purpose;
  crypto::Digest256 hash;
  int64_t attempts = 0;
  core::Time issued_at, expires_at;
  int64_t issues = 1;  // this one included, since one was last used

  // Whether it may be tried at all.
  bool open(core::Time now, int64_t tries) const { return attempts < tries && now < expires_at; }
};

inline constexpr size_t code_digits = 6;

// Six ASCII digits, every code as likely as any other, leading zeros kept.
inline crypto::Secret create_code(crypto::Random& random) {
  std::string digits = std::to_string(random.below(1'000'000));
  return crypto::Secret(std::string(code_digits - digits.size(), '0') + digits);
}

inline bool well_formed(std::string_view code) {
  return code.size() == code_digits && std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
}

// What is stored: useless without the server's key, and bound to user, purpose and what it is about. The first and last
// part have a fixed size and no purpose is the beginning of another with a NUL, so no two inputs run together.
inline crypto::Digest256 hash_code(const crypto::HmacKey& key, accounts::UserId user, Purpose purpose,
                                   const crypto::Secret& code, std::string_view about = {}) {
  const std::string what = std::string(core::to_text(purpose)) + (about.empty() ? "" : '\0' + std::string(about));
  return key({user.value.bytes, crypto::as_bytes(what), code.bytes()});
}

}  // namespace verification
