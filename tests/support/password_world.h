// Codes, mails, hashes and passwords over fakes, beside the sessions of session_world.h.
#pragma once
#include "passwords/password_service.h"
#include "tests/support/fake_guesses.h"
#include "tests/support/fake_verification.h"
#include "tests/support/session_world.h"

namespace test {

// Lets something happen between a use case's reading and its writing.
class Meanwhile final : public core::Transactor {
 public:
  explicit Meanwhile(core::Transactor& behind) : behind_(behind) {}
  std::function<void()> before_write;  // once
  int writes = 0;

 private:
  core::Result<> run_erased(Mode mode, const std::function<core::Result<>(core::Tx&)>& work) override {
    if (mode == Mode::read) return behind_.reading(work);
    if (const auto happens = std::exchange(before_write, nullptr)) happens();
    ++writes;
    return behind_.atomically(work);
  }
  core::Transactor& behind_;
};

struct PasswordWorld : SessionWorld {
  static constexpr crypto::Argon2Cost cheap{.memory_kib = 64, .passes = 1};

  Meanwhile meanwhile{transactor};
  core::Metrics metrics;
  FakeCodeStore code_rows;
  verification::Service codes{code_rows, random, crypto::Secret(std::string(32, 'c'))};
  std::unique_ptr<::passwords::Hasher> hasher =
      ::passwords::Hasher::create({.cost = cheap, .threads = 1}, metrics).value();
  FakeGuesses guess_rows;
  limits::Config limit_config;
  limits::GuessLimit guesses{guess_rows, crypto::Secret(std::string(32, 'g')), limit_config, clock, metrics};
  ::passwords::Config password_config;
  ::passwords::Breaches breaches{password_config, metrics};
  ::passwords::Service passwords{
      {meanwhile, users, codes, mail, *hasher, breaches, guesses, sessions, audit, outbox, clock, password_config}};

  PasswordWorld() {
    transactor.track(code_rows.codes);
    transactor.track(guess_rows.rows);
  }

  enum class Verified { yes, no };
  UserId add_account(const std::string& name, const std::string& password, Verified verified = Verified::yes) {
    const UserId id = add_user(name);
    users.users.at(id).password_hash = hash(password);
    if (verified == Verified::yes) users.users.at(id).email_verified_at = clock.now();
    return id;
  }
  std::string hash(const std::string& password) { return hasher->hash(crypto::Secret(password)).value(); }
  bool has_password(UserId id, const std::string& password) {
    return hasher->verify(users.users.at(id).password_hash, crypto::Secret(password)).value();
  }
  // The code in the last mail.
  crypto::Secret mailed_code() const {
    const std::string& text = mail.sent.back().message.text;
    const size_t at = text.find("\n    ");
    return crypto::Secret(text.substr(at + 5, verification::code_digits));
  }
  // As PATCH /users/{id} does.
  void disable(UserId id) {
    users.users.at(id).disabled_at = clock.now();
    ++users.users.at(id).auth_epoch;
  }
};

}  // namespace test
