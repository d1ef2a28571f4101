// The server without its edge: real stores on one database of a test, the feed of changes and the near cache, as app/
// joins them. The feed is polled by hand.
#pragma once
#include <atomic>
#include <future>

#include "access/role_store_sql.h"
#include "accounts/user_store_sql.h"
#include "audit/audit_store_sql.h"
#include "changes/change_store_sql.h"
#include "sessions/checker.h"
#include "sessions/session_service.h"
#include "sessions/session_store_sql.h"
#include "tests/support/databases.h"
#include "tests/support/fake_mail.h"
#include "tokens/key_store_sql.h"

namespace test {

// A database that can be cut off.
class Switch final : public core::Transactor {
 public:
  explicit Switch(core::Transactor& behind) : behind_(behind) {}
  std::atomic<bool> down{false};
  std::atomic<int> reads{0};
  std::function<void()> after_read;  // before the reader sees what it read

 private:
  core::Result<> run_erased(Mode mode, const std::function<core::Result<>(core::Tx&)>& work) override {
    if (down) return core::fail(core::Code::store_unavailable);
    if (mode == Mode::read) ++reads;
    if (mode == Mode::write) return behind_.atomically(work);
    auto outcome = behind_.reading(work);
    if (const auto hook = std::exchange(after_read, nullptr)) hook();
    return outcome;
  }
  core::Transactor& behind_;
};

struct CountingAlarm final : sessions::Alarm {
  std::atomic<int> rung{0};
  core::Result<> refresh_reused(core::Tx&, const sessions::Session&) override { return ++rung, core::Result<>{}; }
};

using OpenDatabase = std::unique_ptr<storage::Database> (*)(const core::Clock&);
inline std::unique_ptr<storage::Database> sqlite(const core::Clock& clock) { return support::open_test_sqlite(clock); }
inline std::unique_ptr<storage::Database> postgres(const core::Clock&) { return support::open_test_postgres(); }

// One node; a second one on the same database is given that database.
struct ServerWorld {
  using UserId = accounts::UserId;
  using SessionId = sessions::SessionId;

  std::shared_ptr<core::FakeClock> database_clock;  // of SQLite; PostgreSQL has its own
  std::shared_ptr<storage::Database> database;
  core::FakeClock clock{database_clock->now()};
  core::ClockGuard guard{clock};
  crypto::SystemRandom random;
  Switch transactor{*database};
  core::Metrics metrics;
  CountingAlarm alarm;
  std::unique_ptr<audit::Store> audit = audit::create_sql_store(random, clock);
  std::unique_ptr<changes::Store> change_rows = changes::create_sql_store();
  std::unique_ptr<accounts::Store> users = accounts::create_sql_store();
  std::unique_ptr<roles::RoleStore> role_rows = roles::create_sql_role_store();
  std::unique_ptr<sessions::Store> session_rows = sessions::create_sql_store();
  std::unique_ptr<tokens::KeyStore> key_rows = tokens::create_sql_key_store();
  crypto::Sealer sealer{crypto::Secret("the master key of a test, long enough")};
  tokens::Config token_config{.cache_entries = 1024};
  sessions::Config session_config;
  roles::Config access_config;
  std::shared_ptr<changes::Stream> stream;   // null: polls alone
  std::shared_ptr<sessions::Copies> copies;  // null: none
  changes::Feed feed{transactor, *change_rows,
                     clock,      [this] { return transactor.down ? std::nullopt : database->data_version(); },
                     metrics,    {stream.get()}};
  tokens::KeyRing keys{transactor, *key_rows, feed,         sealer,
                       random,     clock,     token_config, session_config.absolute_timeout};
  tokens::VerifiedCache verified{token_config.cache_entries, random};
  sessions::NearCache near{1000};
  FakeMailOutbox mail;
  ::roles::Service access{transactor, *role_rows, *users, *audit, feed, mail, random, clock};
  sessions::Service sessions{transactor, *session_rows, *audit, feed,  keys,
                             alarm,      random,        clock,  guard, session_config};
  sessions::Checker checker{{transactor, *session_rows, sessions, access, keys, verified, near, feed, clock, guard,
                             token_config, session_config, access_config, metrics, copies.get()}};

  // A first node; null where the engine is absent.
  static std::unique_ptr<ServerWorld> create(OpenDatabase open) {
    const auto clock = std::make_shared<core::FakeClock>(core::SystemClock().now());
    std::shared_ptr<storage::Database> database = open(*clock);
    return database ? std::make_unique<ServerWorld>(clock, database) : nullptr;
  }
  // Another node on the same database.
  std::unique_ptr<ServerWorld> join(std::shared_ptr<changes::Stream> its_stream = nullptr,
                                    std::shared_ptr<sessions::Copies> its_copies = nullptr) const {
    return std::make_unique<ServerWorld>(database_clock, database, std::move(its_stream), std::move(its_copies));
  }

  ServerWorld(std::shared_ptr<core::FakeClock> its_clock, std::shared_ptr<storage::Database> shared,
              std::shared_ptr<changes::Stream> its_stream = nullptr,
              std::shared_ptr<sessions::Copies> its_copies = nullptr)
      : database_clock(std::move(its_clock)),
        database(std::move(shared)),
        stream(std::move(its_stream)),
        copies(std::move(its_copies)) {
    const auto seeded = transactor.atomically([&](core::Tx& tx) -> core::Result<> {
      TRY(access.seed(tx));
      return keys.make_missing(tx);
    });
    if (!seeded || !keys.reload()) std::abort();
    subscribe();
    poll();
  }

  void advance(core::Millis by) {
    clock.advance(by);
    database_clock->advance(by);
  }
  void poll() {
    if (!feed.poll()) std::abort();
  }

  template <class F>
  auto in_tx(F work) {
    return transactor.atomically(work).value();
  }
  UserId add_user(const std::string& role = "user") {
    const UserId id = random.id<UserId>(clock.now());
    in_tx([&](core::Tx& tx) {
      return users->create(tx, {.id = id, .email = id.str(), .email_key = id.str(), .created_at = clock.now()});
    });
    if (!access.assign(id, {role, {}}, {})) std::abort();
    return id;
  }
  sessions::Issued sign_in(UserId user) {
    return in_tx([&](core::Tx& tx) {
      return sessions.create(tx, user, {.name = "Chrome"}, "pwd", {.ip_address = "192.0.2.1"});
    });
  }
  // As a request does it.
  core::Result<sessions::Refreshed> refresh(const crypto::Secret& token, const std::string& family = "",
                                            const audit::Origin& origin = {}) {
    const auto answered = std::make_shared<std::promise<std::optional<core::Result<sessions::Refreshed>>>>();
    sessions.begin_refresh(token, family, origin, sessions::Moves::together,
                           [answered](auto fresh) { answered->set_value(std::move(fresh)); });
    auto fresh = answered->get_future().get();
    return fresh ? *std::move(fresh) : sessions.refresh(token, family, origin);
  }
  std::string access_token(UserId user, SessionId session) {
    const core::Time now = clock.now();
    const auto token = tokens::issue_access_token(
        *keys.current(), token_config,
        {user.value, session.value, random.uuid7(now), now, now + token_config.access_ttl, now});
    return std::string(token.value().expose());
  }
  sessions::Session session(SessionId id) {
    return *transactor.reading([&](core::Tx& tx) { return session_rows->find(tx, id); }).value();
  }
  std::string end_of(SessionId id) {
    const auto end = session(id).end;
    return end ? std::string(core::to_text(end->reason)) : "";
  }
  // A mistake that a simulation plants: what this node does with a change instead.
  std::function<void(const std::optional<changes::Change>&)> hears;
  bool end(UserId user, SessionId id, sessions::EndReason reason = sessions::EndReason::logout) {
    return in_tx([&](core::Tx& tx) { return sessions.end(tx, user, id, reason, {}); });
  }

 private:
  void subscribe() {
    feed.subscribe([this](const std::optional<changes::Change>& change) {
      using changes::Kind;
      if (hears) return hears(change);
      if (!change || change->kind == Kind::roles) access.forget_roles();
      if (!change || change->kind == Kind::keys)
        if (!keys.reload()) return;
      if (!change || change->kind == Kind::roles) near.drop_all();
      else if (change->kind != Kind::keys) near.drop(UserId{change->key});
    });
  }
};

}  // namespace test
