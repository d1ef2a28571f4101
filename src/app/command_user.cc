#include <unistd.h>

#include <iostream>

#include "app/command_line.h"
#include "passwords/policy.h"

namespace app {
namespace {

using core::Result;

// The password is read from standard input, so that no list of processes shows it.
Result<crypto::Secret> read_password() {
  std::string line;
  if (isatty(STDIN_FILENO)) std::fprintf(stderr, "Password (one line): ");
  if (!std::getline(std::cin, line))
    return core::fail(core::Code::validation_failed, "no password was given on standard input");
  return crypto::Secret(std::move(line));
}

Result<> create(const Call& call) {
  const auto app = TRY(open_app(call));
  const auto email = accounts::Email::parse(call.words[0]);
  if (!email) return core::fail(core::Code::validation_failed, call.words[0] + " is not an e-mail address");
  const std::string first = call.words.size() > 1 ? call.words[1] : "-",
                    last = call.words.size() > 2 ? call.words[2] : "-";
  const auto password = TRY(read_password());
  TRY(passwords::check(password, {email->address, first, last}, call.config.passwords.min_strength, "password"));
  TRY(app->breaches.check(password, "password"));
  const core::Time now = app->clock.now();
  const accounts::User user{.id = app->random.id<accounts::UserId>(now),
                            .email = email->address,
                            .email_key = email->key,
                            .first_name = first,
                            .last_name = last,
                            .password_hash = TRY(app->hasher->hash(password)),
                            .email_verified_at = now,
                            .created_at = now};
  TRY(app->database->atomically([&](core::Tx& tx) -> Result<> {
    if (!TRY(app->users->create(tx, user)))
      return core::fail(core::Code::email_taken, user.email + " has an account already");
    TRY(app->access.assign_default(tx, user.id));
    return app->audit->append(tx, {"user.created", user.id.value, {}, {}}, command_line);
  }));
  std::printf("created %s\n", user.id.str().c_str());
  return {};
}

Result<> list(const Call& call) {
  const auto app = TRY(open_app(call));
  accounts::UserFilter filter{.search = call.words.empty() ? "" : call.words[0]};
  for (;;) {
    const auto page = TRY(app->accounts.list(filter));
    for (const auto& user : page)
      std::printf("%s  %-40s %s%s\n", user.id.str().c_str(), user.email.c_str(),
                  user.email_verified_at ? "verified" : "unverified", user.disabled_at ? ", disabled" : "");
    if (static_cast<int64_t>(page.size()) < filter.limit) return {};
    filter.after = page.back().id;
  }
}

// Of an address without an account, too: it may have been guessed at.
Result<> unlock(const Call& call) {
  const auto email = accounts::Email::parse(call.words[0]);
  if (!email) return core::fail(core::Code::validation_failed, call.words[0] + " is not an e-mail address");
  const auto app = TRY(open_app(call));
  const bool known = TRY(app->database->atomically([&](core::Tx& tx) -> Result<bool> {
    const auto user = TRY(app->users->find_by_email(tx, email->key));
    TRY(app->guesses.forget(tx, email->key));
    if (user) TRY(app->codes.forget(tx, user->id));
    if (user) TRY(app->factors.unlock(tx, user->id));
    TRY(app->audit->append(tx, {"user.unlocked", user ? std::optional(user->id.value) : std::nullopt}, command_line));
    return user.has_value();
  }));
  std::printf(known ? "unlocked %s\n" : "%s has no account; guesses at it are forgotten\n", call.words[0].c_str());
  return {};
}

Result<> remove_factors(const Call& call) {
  const auto app = TRY(open_app(call));
  const auto user = TRY(get_user(*app, call.words[0]));
  const auto ended = app->own_factors.remove_of(user.id, command_line);
  if (!ended && ended.error().code == core::Code::not_found)
    return core::fail(core::Code::not_found, user.email + " has no second factor");
  std::printf("removed the second factor of %s and ended %s\n", user.email.c_str(),
              counted(TRY(ended), "session").c_str());
  return {};
}

Result<> disable(const Call& call) {
  const auto app = TRY(open_app(call));
  TRY(app->admin.disable(TRY(get_user(*app, call.words[0])).id, command_line));
  std::printf("disabled %s and ended every session\n", call.words[0].c_str());
  return {};
}

Result<> enable(const Call& call) {
  const auto app = TRY(open_app(call));
  TRY(app->admin.enable(TRY(get_user(*app, call.words[0])).id, command_line));
  std::printf("enabled %s\n", call.words[0].c_str());
  return {};
}

Result<> grant(const Call& call) {
  const auto app = TRY(open_app(call));
  const auto user = TRY(get_user(*app, call.words[0]));
  const auto given = app->access.assign(user.id, {.role = call.words[1], .expires_at = {}}, command_line);
  if (!given && given.error().code == core::Code::validation_failed)
    return core::fail(core::Code::validation_failed,
                      "there is no role " + call.words[1] + ": `usher role list` shows them");
  TRY(given);
  std::printf("%s holds %s\n", user.email.c_str(), call.words[1].c_str());
  return {};
}

Result<> revoke(const Call& call) {
  const auto app = TRY(open_app(call));
  const auto user = TRY(get_user(*app, call.words[0]));
  const auto taken = app->access.unassign(user.id, call.words[1], command_line);
  if (!taken && taken.error().code == core::Code::not_found)
    return core::fail(core::Code::not_found, user.email + " does not hold " + call.words[1]);
  TRY(taken);
  std::printf("%s no longer holds %s\n", user.email.c_str(), call.words[1].c_str());
  return {};
}

}  // namespace

std::vector<Command> user_commands() {
  return {
      {"user create", "EMAIL [FIRST LAST]", "Create a verified user; the password is read from standard input.", 1, 3,
       create},
      {"user list", "[SEARCH]", "List users.", 0, 1, list},
      {"user disable", "EMAIL", "Disable a user and end every session.", 1, 1, disable},
      {"user unlock", "EMAIL", "Forget wrong passwords and unused codes, which make a user wait.", 1, 1, unlock},
      {"user remove-factors", "EMAIL",
       "Remove the second factor of a user who lost it, and end every session; verify who asks.", 1, 1, remove_factors},
      {"user enable", "EMAIL", "Enable a user again.", 1, 1, enable},
      {"user grant", "EMAIL ROLE", "Give a role; super_admin makes an admin.", 2, 2, grant},
      {"user revoke", "EMAIL ROLE", "Take a role away.", 2, 2, revoke}};
}

}  // namespace app
