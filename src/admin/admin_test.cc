// Services and routes together, over real stores: what is under test is how accounts, roles and sessions are joined.
#include <gtest/gtest.h>

#include <thread>

#include "access/role_store_sql.h"
#include "accounts/user_store_sql.h"
#include "admin/admin_routes.h"
#include "audit/audit_store_sql.h"
#include "limits/guess_store_sql.h"
#include "self/remains_store_sql.h"
#include "sessions/session_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_mail.h"
#include "tests/support/postgres_server.h"
#include "tests/support/route_caller.h"
#include "tokens/key_store_sql.h"
#include "verification/code_store_sql.h"

namespace admin {
namespace {

using accounts::UserId, core::Code, sessions::SessionId;

class CountingOutbox final : public changes::Outbox {
 public:
  core::Result<> announce(core::Tx&, const changes::Change& change) override {
    const std::lock_guard lock(mutex_);
    announced_.push_back(change);
    return {};
  }
  bool told(changes::Kind kind, const core::Uuid& key) {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(announced_, changes::Change{kind, key}) != announced_.end();
  }

 private:
  std::mutex mutex_;
  std::vector<changes::Change> announced_;
};

class NoAlarm final : public sessions::Alarm {
 public:
  core::Result<> refresh_reused(core::Tx&, const sessions::Session&) override { return {}; }
};

using OpenDatabase = std::unique_ptr<storage::Database> (*)(const core::Clock&);
std::unique_ptr<storage::Database> sqlite(const core::Clock& clock) { return support::open_test_sqlite(clock); }
std::unique_ptr<storage::Database> postgres(const core::Clock&) { return support::open_test_postgres(); }

class Admin : public testing::TestWithParam<OpenDatabase> {
 protected:
  // All parts; they live as long as the database that the test got.
  struct Parts {
    storage::Database& database;
    core::SystemClock clock;
    core::ClockGuard guard{clock};
    crypto::SystemRandom random;
    CountingOutbox outbox;
    NoAlarm alarm;
    std::unique_ptr<audit::Store> audit = audit::create_sql_store(random, clock);
    std::unique_ptr<accounts::Store> users = accounts::create_sql_store();
    std::unique_ptr<roles::RoleStore> roles = roles::create_sql_role_store();
    std::unique_ptr<sessions::Store> session_rows = sessions::create_sql_store();
    std::unique_ptr<tokens::KeyStore> key_rows = tokens::create_sql_key_store();
    crypto::Sealer sealer{crypto::Secret("a master key of more than 32 characters")};
    tokens::Config token_config;
    sessions::Config session_config;
    tokens::KeyRing keys{database, *key_rows, outbox, sealer, random, clock, token_config, core::Seconds(1000)};
    accounts::Service accounts{database, *users, *audit, outbox, clock};
    test::FakeMailOutbox mail;
    ::roles::Service access{database, *roles, *users, *audit, outbox, mail, random, clock};
    sessions::Service sessions{database, *session_rows, *audit, outbox, keys,
                               alarm,    random,        clock,  guard,  session_config};
    std::unique_ptr<self::RemainsStore> remains = self::create_sql_remains_store();
    self::Removal removal{{accounts, access, sessions, *remains}};
    std::unique_ptr<verification::Store> code_rows = verification::create_sql_store();
    verification::Service codes{*code_rows, random, crypto::Secret(std::string(32, 'c'))};
    core::Metrics metrics;
    ::passwords::Config password_config;
    std::unique_ptr<::passwords::Hasher> hasher =
        ::passwords::Hasher::create({.cost = {.memory_kib = 64, .passes = 1}, .threads = 1}, metrics).value();
    ::passwords::Breaches breaches{password_config, metrics};
    limits::Config limit_config;
    std::unique_ptr<limits::GuessStore> guess_rows = limits::create_sql_guess_store();
    limits::GuessLimit guesses{*guess_rows, crypto::Secret(std::string(32, 'g')), limit_config, clock, metrics};
    ::passwords::Service passwords{
        {database, *users, codes, mail, *hasher, breaches, guesses, sessions, *audit, outbox, clock, password_config}};
    Service admin{{database, accounts, access, sessions, passwords, removal, *audit}};
    test::RouteCaller call{routes(admin)};
  };

  void SetUp() override {
    database = GetParam()(clock);
    if (!database) GTEST_SKIP() << support::postgres_absent;
    parts.reset(new Parts{.database = *database});
    ASSERT_TRUE(database->atomically([&](core::Tx& tx) { return parts->access.seed(tx); }));
    root = add_user("root", "super_admin");
    boss = add_user("boss", "admin");
    helper = add_user("helper", "support");
    ann = add_user("Ann", "user");
  }

  UserId add_user(const std::string& name, const std::string& role) {
    const UserId id = parts->random.id<UserId>(clock.now());
    const accounts::User user{.id = id,
                              .email = name + "@example.com",
                              .email_key = name,
                              .first_name = name,
                              .last_name = "Test",
                              .password_hash = "$argon2id$hidden",
                              .created_at = core::from_millis(created += 1000)};
    EXPECT_TRUE(database->atomically([&](core::Tx& tx) { return parts->users->create(tx, user); }));
    EXPECT_TRUE(parts->access.assign(id, {role}, {}));
    return id;
  }
  SessionId add_session(UserId user) {
    const core::Time now = clock.now();
    const SessionId id = parts->random.id<SessionId>(now);
    const auto done = database->atomically([&](core::Tx& tx) {
      return parts->session_rows->create(tx, {.id = id,
                                              .user = user,
                                              .secret = crypto::Secret(std::string(32, 's')),
                                              .amr = "pwd",
                                              .device = {.name = "Chrome on macOS"},
                                              .ip_address = "203.0.113.5",
                                              .created_at = now,
                                              .last_active_at = now,
                                              .refreshed_at = now,
                                              .expires_at = now + std::chrono::days(9)});
    });
    EXPECT_TRUE(done);
    return id;
  }
  // Why the session ended; empty while it lives.
  std::string end_of(SessionId id) {
    const auto session = database->reading([&](core::Tx& tx) { return parts->session_rows->find(tx, id); }).value();
    return session->end ? std::string(core::to_text(session->end->reason)) : "";
  }
  accounts::User row(UserId id) {
    return *database->reading([&](core::Tx& tx) { return parts->users->find(tx, id); }).value();
  }
  std::vector<std::string> recorded(UserId subject) {
    std::vector<std::string> actions;
    const auto page =
        database->reading([&](core::Tx& tx) { return parts->audit->list(tx, {.subject = subject.value, .limit = 50}); })
            .value();
    for (const auto& record : page.records) actions.push_back(record.event.action);
    std::ranges::sort(actions);
    return actions;
  }

  // "409 role_exists", "200 {…}".
  std::string answer(std::string_view id, UserId caller, const test::Call& request = {}) {
    const auto response = parts->call(id, caller.value, request);
    if (!response) {
      const auto& error = core::row(response.error().code);
      const std::string field = response.error().fields.empty() ? "" : ' ' + response.error().fields[0].field;
      return std::to_string(error.status) + ' ' + std::string(error.name) + field;
    }
    return std::to_string(response->status) + (response->body.empty() ? "" : ' ' + response->body);
  }
  static test::Call on(UserId user, std::string body = {}) {
    return {.body = std::move(body), .path = {{"id", user.str()}}};
  }
  static test::Call on(UserId user, SessionId session) {
    return {.path = {{"id", user.str()}, {"sessionId", session.str()}}};
  }
  std::string list(std::string query) {
    const std::string body = answer("listUsers", helper, {.query = std::move(query)});
    if (!body.starts_with("200")) return body;
    std::string names;
    for (const UserId& id : {root, boss, helper, ann})
      if (body.find(id.str() + "\",\"email\"") != std::string::npos)
        names += (names.empty() ? "" : " ") + row(id).first_name;
    return names;
  }

  core::SystemClock clock;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<Parts> parts;
  UserId root, boss, helper, ann;
  int64_t created = 1'700'000'000'000;
};

TEST_P(Admin, EachRouteHasTheGuardOfTheContract) {
  const std::map<std::string_view, std::string_view> guards = {{"listUsers", "users:read"},
                                                               {"getUser", "users:read"},
                                                               {"updateUser", "users:write"},
                                                               {"deleteUser", "users:write"},
                                                               {"disableUser", "users:write"},
                                                               {"enableUser", "users:write"},
                                                               {"requirePasswordReset", "users:write"},
                                                               {"listUserSessions", "sessions:read"},
                                                               {"revokeUserSessions", "sessions:revoke"},
                                                               {"revokeUserSession", "sessions:revoke"}};
  EXPECT_EQ(parts->call.all().size(), guards.size());
  for (const auto& route : parts->call.all()) {
    ASSERT_TRUE(guards.contains(route.operation.id)) << route.operation.id;
    EXPECT_EQ(route.operation.guard.permission(), guards.at(route.operation.id)) << route.operation.id;
  }
}

TEST_P(Admin, AUserIsShownWithoutSecrets) {
  EXPECT_EQ(answer("getUser", helper, on(ann)),
            R"(200 {"id":")" + ann.str() +
                R"(","email":"Ann@example.com","firstName":"Ann","lastName":"Test","accountType":"INDIVIDUAL",)"
                R"("emailVerified":false,"roles":["user"],"createdAt":")" +
                core::iso8601(row(ann).created_at) + "\"}");
}

TEST_P(Admin, UsersAreSearchedFilteredAndPaged) {
  EXPECT_EQ(list(""), "root boss helper Ann");
  EXPECT_EQ(list("search=ANN%40"), "Ann");
  EXPECT_EQ(list("search=%25"), "");
  EXPECT_EQ(list("disabled=true"), "");
  EXPECT_EQ(list("disabled=false&search=test"), "root boss helper Ann");
  EXPECT_EQ(list("limit=2"), "helper Ann");
  EXPECT_NE(answer("listUsers", helper, {.query = "limit=2"}).find("\"nextCursor\":\"" + helper.str()),
            std::string::npos);
  EXPECT_EQ(list("limit=2&cursor=" + helper.str()), "root boss");
  EXPECT_EQ(answer("listUsers", helper, {.query = "limit=9"}).find("nextCursor"), std::string::npos);
}

TEST_P(Admin, AMalformedQueryIsRefusedByName) {
  for (const char* limit : {"0", "101", "-1", "x", "", "5x"})
    EXPECT_EQ(list("limit=" + std::string(limit)), "400 validation_failed limit") << limit;
  EXPECT_EQ(list("disabled=yes"), "400 validation_failed disabled");
  EXPECT_EQ(list("cursor=me"), "400 validation_failed cursor");
  EXPECT_EQ(list("search=%00"), "400 validation_failed search");
  EXPECT_EQ(list("search=%ff"), "400 validation_failed search");
  EXPECT_EQ(list("search=" + std::string(101, 'x')), "400 validation_failed search");
}

TEST_P(Admin, RenamingChangesNamesAlone) {
  const auto before = row(ann);
  EXPECT_NE(
      answer("updateUser", boss, on(ann, R"({"firstName":"Änne"})")).find(R"("firstName":"Änne","lastName":"Test")"),
      std::string::npos);
  EXPECT_EQ(row(ann).first_name, "Änne");
  EXPECT_EQ(row(ann).auth_epoch, before.auth_epoch);
  for (const char* field :
       {"email", "roles", "emailVerified", "id", "accountType", "password", "disabledAt", "authEpoch", "createdAt"})
    EXPECT_EQ(answer("updateUser", root, on(ann, "{\"firstName\":\"X\",\"" + std::string(field) + "\":null}")),
              "400 unknown_field " + std::string(field));
  EXPECT_EQ(answer("updateUser", boss, on(ann, R"({"lastName":""})")), "400 validation_failed lastName");
  EXPECT_EQ(row(ann).first_name, "Änne");
}

TEST_P(Admin, DisablingEndsSessionsRaisesTheEpochAndCanBeUndone) {
  const auto one = add_session(ann), two = add_session(ann), other = add_session(helper);
  EXPECT_NE(answer("disableUser", boss, on(ann)).find("\"disabledAt\":"), std::string::npos);
  EXPECT_EQ(end_of(one) + ' ' + end_of(two) + ' ' + end_of(other), "account_disabled account_disabled ");
  EXPECT_EQ(row(ann).auth_epoch, 1);
  EXPECT_FALSE(row(ann).active());
  EXPECT_EQ(recorded(ann),
            (std::vector<std::string>{"role.assigned", "session.ended", "session.ended", "user.disabled"}));
  EXPECT_TRUE(parts->outbox.told(changes::Kind::user, ann.value));
  EXPECT_TRUE(parts->outbox.told(changes::Kind::session, ann.value));
  EXPECT_EQ(list("disabled=true"), "Ann");
  EXPECT_EQ(answer("enableUser", boss, on(ann)).find("disabledAt"), std::string::npos);
  EXPECT_EQ(row(ann).auth_epoch, 2);
  EXPECT_EQ(end_of(one), "account_disabled");
}

TEST_P(Admin, ARequiredResetVoidsThePasswordEndsSessionsAndMailsTheUserAlone) {
  const auto one = add_session(ann), two = add_session(ann), other = add_session(helper);
  parts->mail.sent.clear();
  EXPECT_EQ(answer("requirePasswordReset", boss, on(ann)), R"(200 {"revoked":2})");
  EXPECT_EQ(end_of(one) + ' ' + end_of(two) + ' ' + end_of(other), "admin admin ");
  EXPECT_EQ(row(ann).password_hash, "");
  EXPECT_EQ(row(ann).auth_epoch, 1);
  EXPECT_TRUE(row(ann).active());
  EXPECT_EQ(recorded(ann),
            (std::vector<std::string>{"password.reset_required", "role.assigned", "session.ended", "session.ended"}));
  EXPECT_TRUE(parts->outbox.told(changes::Kind::user, ann.value));
  ASSERT_EQ(parts->mail.sent.size(), 1u);
  EXPECT_EQ(parts->mail.sent[0].message.to, "Ann@example.com");
  EXPECT_NE(parts->mail.sent[0].message.text.find("Enter this code"), std::string::npos);
  EXPECT_EQ(answer("requirePasswordReset", boss, on(ann)), R"(200 {"revoked":0})");
  ASSERT_EQ(parts->mail.sent.size(), 2u);
  EXPECT_EQ(parts->mail.sent[1].message.text.find("Enter this code"), std::string::npos) << "one code a minute";
}

TEST_P(Admin, ARequiredResetOfWhoIsDisabledMailsNothing) {
  EXPECT_TRUE(answer("disableUser", boss, on(ann)).starts_with("200"));
  parts->mail.sent.clear();
  EXPECT_EQ(answer("requirePasswordReset", boss, on(ann)), R"(200 {"revoked":0})");
  EXPECT_EQ(row(ann).password_hash, "");
  EXPECT_TRUE(parts->mail.sent.empty());
}

TEST_P(Admin, DeletingTakesEverythingAndFreesTheAddress) {
  const auto session = add_session(ann);
  EXPECT_EQ(answer("deleteUser", boss, on(ann)), "204");
  EXPECT_EQ(end_of(session), "account_deleted");
  EXPECT_EQ(row(ann).email + row(ann).first_name + row(ann).last_name + row(ann).password_hash, "");
  EXPECT_TRUE(parts->access.list_assignments(ann).error().code == Code::not_found);
  EXPECT_TRUE(
      database->reading([&](core::Tx& tx) { return parts->roles->list_assignments(tx, ann); })->assignments.empty());
  EXPECT_EQ(answer("getUser", boss, on(ann)), "404 not_found");
  EXPECT_EQ(answer("deleteUser", boss, on(ann)), "404 not_found");
  const UserId again = add_user("Ann", "user");
  EXPECT_NE(again, ann);
}

TEST_P(Admin, NobodyActsOnWhoHoldsMore) {
  const auto session = add_session(root);
  const auto before = row(root);
  EXPECT_EQ(answer("updateUser", boss, on(root, R"({"firstName":"Low"})")), "403 grant_exceeds_own");
  for (const char* id : {"deleteUser", "disableUser", "enableUser", "requirePasswordReset", "revokeUserSessions"})
    EXPECT_EQ(answer(id, boss, on(root)), "403 grant_exceeds_own") << id;
  EXPECT_EQ(answer("revokeUserSession", boss, on(root, session)), "403 grant_exceeds_own");
  EXPECT_EQ(end_of(session), "");
  EXPECT_EQ(row(root).first_name, before.first_name);
  EXPECT_EQ(row(root).auth_epoch, before.auth_epoch);
  EXPECT_EQ(row(root).password_hash, before.password_hash);
  EXPECT_TRUE(answer("getUser", boss, on(root)).starts_with("200")) << "reading needs the permission alone";
}

TEST_P(Admin, AnEqualAndOneselfMayBeActedOn) {
  const UserId other = add_user("other", "admin");
  EXPECT_TRUE(answer("disableUser", boss, on(other)).starts_with("200"));
  EXPECT_TRUE(answer("updateUser", helper, on(helper, R"({"firstName":"Me"})")).starts_with("200"));
  EXPECT_TRUE(answer("disableUser", boss, on(boss)).starts_with("200"));
  EXPECT_EQ(answer("disableUser", boss, on(ann)), "403 permission_denied") << "disabled since it passed the guard";
}

TEST_P(Admin, TheLastSuperAdminIsNeitherDisabledNorDeleted) {
  const auto session = add_session(root);
  EXPECT_EQ(answer("disableUser", root, on(root)), "409 last_super_admin");
  EXPECT_EQ(answer("deleteUser", root, on(root)), "409 last_super_admin");
  EXPECT_EQ(parts->admin.disable(root, {}).error().code, Code::last_super_admin) << "nor by the command line";
  EXPECT_EQ(end_of(session), "");
  EXPECT_TRUE(row(root).active());
  add_user("second", "super_admin");
  EXPECT_TRUE(answer("disableUser", root, on(root)).starts_with("200"));
  EXPECT_EQ(end_of(session), "account_disabled");
}

TEST_P(Admin, SessionsOfAUserAreListedWithoutCredentials) {
  const auto one = add_session(ann);
  const std::string body = answer("listUserSessions", helper, on(ann));
  EXPECT_NE(body.find(R"("sessionId":")" + one.str() +
                      R"(","deviceInfo":{"deviceName":"Chrome on macOS"},"ipAddress":"203.0.113.5")"),
            std::string::npos)
      << body;
  EXPECT_NE(body.find(R"("current":false)"), std::string::npos);
  EXPECT_EQ(body.find("ssss"), std::string::npos);
  EXPECT_EQ(answer("listUserSessions", helper, {.query = "limit=0", .path = {{"id", ann.str()}}}),
            "400 validation_failed limit");
}

TEST_P(Admin, SessionsArePagedWithoutLoss) {
  std::vector<SessionId> all;
  for (int i = 0; i < 5; ++i) all.push_back(add_session(ann));
  std::string seen, cursor;
  int pages = 0;
  do {
    const auto page = answer("listUserSessions", helper, {.query = "limit=2" + cursor, .path = {{"id", ann.str()}}});
    seen += page;
    const auto at = page.find("\"nextCursor\":\"");
    cursor = at == std::string::npos ? "" : "&cursor=" + page.substr(at + 14, page.find('"', at + 14) - at - 14);
  } while (!cursor.empty() && ++pages < 9);
  EXPECT_EQ(pages, 2);
  for (const auto& id : all) EXPECT_NE(seen.find(id.str()), std::string::npos);
}

TEST_P(Admin, OneSessionIsEndedOnceAndOnlyThroughItsOwner) {
  const auto session = add_session(ann), other = add_session(helper);
  EXPECT_EQ(answer("revokeUserSession", boss, on(ann, other)), "404 not_found");
  EXPECT_EQ(answer("revokeUserSession", boss, on(helper, session)), "404 not_found");
  EXPECT_EQ(end_of(session) + end_of(other), "");
  EXPECT_EQ(answer("revokeUserSession", boss, on(ann, session)), R"(200 {"revoked":1})");
  EXPECT_EQ(answer("revokeUserSession", boss, on(ann, session)), "404 not_found");
  EXPECT_EQ(end_of(session), "admin");
  EXPECT_EQ(end_of(other), "");
}

TEST_P(Admin, SigningOutEverywhereOutdatesSignInsUnderWay) {
  add_session(ann), add_session(ann);
  EXPECT_EQ(answer("revokeUserSessions", boss, on(ann)), R"(200 {"revoked":2})");
  EXPECT_EQ(answer("revokeUserSessions", boss, on(ann)), R"(200 {"revoked":0})");
  EXPECT_EQ(row(ann).auth_epoch, 2);
  EXPECT_TRUE(row(ann).active());
}

TEST_P(Admin, IdsThatNameNobodyAreNotFound) {
  const std::string session = SessionId{}.str();
  for (const auto& route : parts->call.all()) {
    if (route.operation.id == "listUsers") continue;
    for (const std::string& who : {UserId{}.str(), std::string("me"), ann.str() + " ", std::string("%2e%2e")})
      EXPECT_EQ(answer(route.operation.id, root,
                       {.body = R"({"firstName":"X"})", .path = {{"id", who}, {"sessionId", session}}}),
                "404 not_found")
          << route.operation.id << ' ' << who;
  }
  EXPECT_EQ(answer("revokeUserSession", root, {.path = {{"id", ann.str()}, {"sessionId", "all"}}}), "404 not_found");
}

TEST_P(Admin, OfTwoLastSuperAdminsDisabledAndDeletedAtOnceOneStays) {
  UserId first = root;
  for (int round = 0; round < 8; ++round) {
    const UserId second = add_user("second" + std::to_string(round), "super_admin");
    core::Result<UserView> disabled;
    core::Result<> removed;
    std::thread one([&] { disabled = parts->admin.disable(first, {}); });
    std::thread two([&] { removed = parts->admin.remove(second, {}); });
    one.join();
    two.join();
    EXPECT_NE(disabled.has_value(), removed.has_value());
    EXPECT_EQ((disabled ? removed.error() : disabled.error()).code, Code::last_super_admin);
    EXPECT_EQ(row(first).active() + row(second).active(), 1);
    if (disabled) first = second;
  }
}

INSTANTIATE_TEST_SUITE_P(Sqlite, Admin, testing::Values(sqlite));
INSTANTIATE_TEST_SUITE_P(Postgres, Admin, testing::Values(postgres));

}  // namespace
}  // namespace admin
