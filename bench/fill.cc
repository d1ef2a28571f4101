// Fills a migrated embedded store: bench_fill DIRECTORY SESSIONS TOKENS
// Makes one user per ten sessions, and prints TOKENS access tokens of sessions spread over all of them, one a line.
#include <cstdio>
#include <cstdlib>

#include "app/app.h"

namespace {

using core::Result;

constexpr int64_t sessions_per_user = 10, users_per_transaction = 500;

Result<std::vector<sessions::Issued>> make_user(app::App& app, core::Tx& tx, int64_t number) {
  const core::Time now = app.clock.now();
  const std::string email = "user" + std::to_string(number) + "@example.org";
  const accounts::User user{.id = app.random.id<accounts::UserId>(now),
                            .email = email,
                            .email_key = email,
                            .first_name = "Ada",
                            .last_name = "Lovelace",
                            .password_hash = "-",
                            .email_verified_at = now,
                            .created_at = now};
  if (!TRY(app.users->create(tx, user))) return core::fail(core::Code::conflict);
  TRY(app.access.assign_default(tx, user.id));
  std::vector<sessions::Issued> made;
  for (int64_t i = 0; i < sessions_per_user; ++i)
    made.push_back(TRY(app.sessions.create(tx, user.id, {.name = "Chrome on macOS", .platform = "macos"}, "pwd", {})));
  return made;
}

Result<> print_token(app::App& app, const sessions::Session& session, bool refresh,
                     const crypto::Secret& refresh_token) {
  const core::Time now = app.clock.now();
  const auto token = TRY(tokens::issue_access_token(*app.keys.current(), app.config.tokens,
                                                    {.user = session.user.value,
                                                     .session = session.id.value,
                                                     .id = app.random.uuid7(now),
                                                     .issued_at = now,
                                                     .expires_at = now + app.config.tokens.access_ttl,
                                                     .authenticated_at = session.authenticated_at,
                                                     .amr = sessions::methods_of(session.amr)}));
  std::printf("%s%s%s\n", std::string(token.expose()).c_str(), refresh ? " " : "",
              refresh ? std::string(refresh_token.expose()).c_str() : "");
  return {};
}

Result<> fill(const std::string& directory, int64_t sessions, int64_t tokens) {
  app::Config config;
  config.store.data_dir = directory;
  const auto app = TRY(app::App::create(config, app::Migrate::automatic));
  const int64_t users = std::max<int64_t>(sessions / sessions_per_user, 1),
                every = std::max<int64_t>(sessions / std::max<int64_t>(tokens, 1), 1);
  int64_t made = 0;
  for (int64_t first = 0; first < users; first += users_per_transaction) {
    const auto issued = TRY(app->database->atomically([&](core::Tx& tx) -> Result<std::vector<sessions::Issued>> {
      std::vector<sessions::Issued> all;
      for (int64_t i = first; i < std::min(first + users_per_transaction, users); ++i)
        for (auto& one : TRY(make_user(*app, tx, i))) all.push_back(std::move(one));
      return all;
    }));
    for (const auto& one : issued)
      if (made++ % every == 0 && made / every < tokens) TRY(print_token(*app, one.session, true, one.refresh_token));
  }
  return {};
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) return std::fprintf(stderr, "usage: bench_fill DIRECTORY SESSIONS TOKENS\n"), 2;
  const auto done = fill(words[1], std::atoll(words[2]), std::atoll(words[3]));
  if (!done) std::fprintf(stderr, "bench_fill: %s %s\n", done.error().detail.c_str(), done.error().cause.c_str());
  return done ? 0 : 1;
}
