#include <cstdio>

#include "app/command_line.h"
#include "app/store.h"
#include "devices/clean_text.h"

namespace app {
namespace {

using core::Result;

Result<> list(const Call& call) {
  const auto app = TRY(open_app(call));
  const auto user = TRY(get_user(*app, call.words[0]));
  const auto found =
      TRY(app->database->reading([&](core::Tx& tx) { return app->sessions.list(tx, user.id, {.limit = 1000}); }));
  for (const auto& session : found)
    std::printf("%s  %-30s %-16s last active %s\n", session.id.str().c_str(),
                devices::clean_text(session.device.name.value_or(""), 60).c_str(), session.ip_address.c_str(),
                core::iso8601(session.last_active_at).c_str());
  return {};
}

Result<> revoke(const Call& call) {
  const auto app = TRY(open_app(call));
  const auto user = TRY(get_user(*app, call.words[0]));
  std::optional<sessions::SessionId> only;
  if (call.words.size() == 2 && !(only = sessions::SessionId::parse(call.words[1])))
    return core::fail(core::Code::validation_failed, call.words[1] + " is not a session id");
  const auto count = TRY(app->database->atomically([&](core::Tx& tx) -> Result<int64_t> {
    if (only) return TRY(app->sessions.end(tx, user.id, *only, sessions::EndReason::admin, command_line)) ? 1 : 0;
    return app->sessions.end_all(tx, user.id, sessions::EndReason::admin, std::nullopt, command_line);
  }));
  std::printf("ended %s\n", counted(count, "session").c_str());
  return {};
}

// `end(app, tx, user)` of every user who has a session: a page of users in each transaction, so that none is long. Who
// registers meanwhile stays signed in.
template <class F>
Result<> end_of_everybody(const Call& call, F end) {
  const auto app = TRY(open_app(call));
  int64_t count = 0;
  for (accounts::UserFilter filter{.limit = 200};;) {
    const auto page = TRY(app->accounts.list(filter));
    if (page.empty()) break;
    count += TRY(app->database->atomically([&](core::Tx& tx) -> Result<int64_t> {
      int64_t ended = 0;
      for (const auto& user : page)
        if (!TRY(app->session_rows->list(tx, user.id, {.limit = 1})).empty()) ended += TRY(end(*app, tx, user.id));
      return ended;
    }));
    filter.after = page.back().id;
  }
  std::printf("ended %s in %s\n", counted(count, "session").c_str(), store_name(call.config).c_str());
  return {};
}

Result<> revoke_all(const Call& call) {
  return end_of_everybody(call, [](App& app, core::Tx& tx, accounts::UserId user) {
    return app.sessions.end_all(tx, user, sessions::EndReason::admin, std::nullopt, command_line);
  });
}

// By the settings of this call, which may not be the servers': it says which they are.
Result<> revoke_unproved(const Call& call) {
  for (const char* name : {"mfa.policy", "mfa.required_roles", "mfa.phishing_resistant_roles"})
    std::printf("%s = %s\n", name, call.settings.find(name)->show().c_str());
  return end_of_everybody(call, [](App& app, core::Tx& tx, accounts::UserId user) {
    return app.role_watch.end_unproved(tx, user, command_line);
  });
}

}  // namespace

std::vector<Command> session_commands() {
  return {{"session list", "EMAIL", "List the living sessions of a user.", 1, 1, list},
          {"session revoke", "EMAIL [SESSION]", "End one or all sessions of a user.", 1, 2, revoke},
          {"session revoke-all", "", "End all sessions of all users.", 0, 0, revoke_all},
          {"session revoke-unproved", "",
           "End the sessions whose users have proved less than mfa.policy and their roles ask for now.", 0, 0,
           revoke_unproved}};
}

}  // namespace app
