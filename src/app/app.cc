#include "app/app.h"

#include "access/role_store_sql.h"
#include "accounts/user_store_sql.h"
#include "app/master_key.h"
#include "app/store.h"
#include "audit/audit_store_sql.h"
#include "audit/seal_store_sql.h"
#include "changes/change_store_sql.h"
#include "changes/change_stream_redis.h"
#include "invitations/invitation_store_sql.h"
#include "limits/guess_store_sql.h"
#include "limits/redis_counters.h"
#include "mail/mail_store_sql.h"
#include "mfa/challenge_store_sql.h"
#include "mfa/factor_store_sql.h"
#include "risk/approval_store_sql.h"
#include "risk/familiar_store_sql.h"
#include "risk/notice_store_sql.h"
#include "self/email_change_store_sql.h"
#include "self/export_store_sql.h"
#include "self/remains_store_sql.h"
#include "sessions/copies_redis.h"
#include "sessions/session_store_sql.h"
#include "storage/migrations.h"
#include "tokens/key_store_sql.h"
#include "verification/code_store_sql.h"
#include "webauthn/passkey_store_sql.h"

namespace app {
namespace {

crypto::Secret derive(const crypto::Secret& master, std::string_view label) {
  auto key = crypto::hkdf_sha256(master.bytes(), {}, label, 32);
  return key ? std::move(*key) : crypto::Secret();
}

// Otherwise whoever comes first would complain about a missing table.
core::Result<> check_schema(storage::Database& database) {
  const auto all = TRY(storage::migration_status(database));
  TRY(storage::check_history(all));
  for (const auto& migration : all)
    if (migration.state == storage::MigrationState::pending)
      return core::fail(core::Code::store_unavailable,
                        "the schema is not up to date: run `usher migrate up`, or set database.migrate to auto");
  return {};
}

}  // namespace

core::Result<std::unique_ptr<App>> App::create(const Config& config, Migrate migrate, Role role) {
  Opened opened;
  if (migrate == Migrate::off) TRY(ensure_exists(config));
  crypto::SystemRandom random;
  // Before the store: what is sealed in one without its key is lost.
  opened.master = TRY(master_key(config, random));
  opened.database = TRY(open_database(config, *opened.clock));
  if (config.redis.on())
    opened.stream = changes::create_redis_stream(TRY(config.redis.address()), config.redis, random);
  if (config.redis.on() && role == Role::server) {
    const auto address = TRY(config.redis.address());
    opened.counters = limits::create_redis_counters(address, config.redis);
    opened.copies = sessions::create_redis_copies(address, config.redis,
                                                  crypto::HmacKey(derive(opened.master, "usher copies of sessions")),
                                                  config.access.cache_ttl);
  }
  opened.hasher = TRY(passwords::Hasher::create({.cost = config.passwords.cost(),
                                                 .threads = static_cast<size_t>(config.passwords.hash_threads),
                                                 .queue = static_cast<size_t>(config.passwords.hash_queue)},
                                                *opened.metrics));
  opened.head_key = TRY(audit::head_key(opened.master));
  opened.places = TRY(risk::Places::open(config.risk.geo_database));
  auto app = std::make_unique<App>(config, std::move(opened), role);
  TRY(migrate == Migrate::automatic ? app->migrate() : check_schema(*app->database));
  TRY(app->keys.reload());
  app->subscribe();
  return app;
}

App::App(const Config& settings, Opened opened, Role role)
    : config(settings),
      clock_owner(std::move(opened.clock)),
      guard(clock,
            config.uses_postgres() ? core::ClockGuard::DatabaseClock::another : core::ClockGuard::DatabaseClock::same),
      metrics(std::move(opened.metrics)),
      hasher(std::move(opened.hasher)),
      database(std::move(opened.database)),
      sealer(opened.master),
      code_key(derive(opened.master, "usher one-time codes")),
      guess_key(derive(opened.master, "usher guesses")),
      recovery_key(derive(opened.master, "usher recovery codes")),
      head_key(*std::move(opened.head_key)),
      audit(audit::create_sql_store(random, clock)),
      seal_rows(audit::create_sql_seal_store()),
      change_rows(changes::create_sql_store()),
      users(accounts::create_sql_store()),
      code_rows(verification::create_sql_store()),
      guess_rows(limits::create_sql_guess_store()),
      key_rows(tokens::create_sql_key_store()),
      role_rows(roles::create_sql_role_store()),
      session_rows(sessions::create_sql_store()),
      mail_rows(mail::create_sql_store()),
      factor_rows(mfa::create_sql_factor_store()),
      challenge_rows(mfa::create_sql_challenge_store()),
      passkey_rows(webauthn::create_sql_passkey_store()),
      familiar_rows(risk::create_sql_familiar_store()),
      notice_rows(risk::create_sql_notice_store()),
      approval_rows(risk::create_sql_approval_store()),
      email_change_rows(self::create_sql_email_change_store()),
      own_rows(self::create_sql_export_store()),
      invitation_rows(invitations::create_sql_invitation_store()),
      remains(self::create_sql_remains_store()),
      stream(std::move(opened.stream)),
      feed(*database, *change_rows, clock, [this] { return database->data_version(); }, *metrics,
           {stream.get(), role == Role::command || config.uses_postgres()}),
      mail(*database, *mail_rows, sealer, random, clock, {http::public_url(config.http)}),
      keys(*database, *key_rows, feed, sealer, random, clock, config.tokens, config.sessions.absolute_timeout),
      verified(config.tokens.cache_entries, random),
      near(config.sessions.cache_entries),
      limiter(config.limits, clock, std::move(opened.counters), *metrics),
      guesses(*guess_rows, guess_key, config.limits, clock, *metrics),
      factor_guesses(*guess_rows, guess_key, config.limits, clock, *metrics, limits::Guessed::second_factor),
      accounts(*database, *users, *audit, feed, clock),
      codes(*code_rows, random, code_key, config.verification.rules(config.limits.enabled)),
      role_watch(access, sessions, config.mfa),
      access(*database, *role_rows, *users, *audit, feed, mail, random, clock, &role_watch),
      alarm(*users, mail, clock),
      sessions(*database, *session_rows, *audit, feed, keys, alarm, random, clock, guard, config.sessions),
      end_again(sessions),
      copies(std::move(opened.copies)),
      checker({*database, *session_rows, sessions, access, keys, verified, near, feed, clock, guard, config.tokens,
               config.sessions, config.access, *metrics, copies.get()}),
      code_mailer(codes, mail),
      breaches(config.passwords, *metrics),
      passwords({*database, *users, codes, mail, *hasher, breaches, guesses, sessions, *audit, feed, clock,
                 config.passwords}),
      factors({*factor_rows, factor_guesses, *audit, mail, sealer, recovery_key, random, clock, config.mfa}),
      challenges(*challenge_rows, random, clock, config.mfa),
      own_factors(
          {*database, *users, access, passwords, factors, sessions, *passkey_rows, *audit, mail, clock, config.mfa}),
      webauthn_config(webauthn::complete(config.webauthn, http::public_url(config.http))),
      passkeys({*database, *passkey_rows, *users, sessions, *audit, mail, random, clock, webauthn_config}),
      places(std::move(opened.places)),
      not_me({*database, *notice_rows, *users, passwords, factors, *passkey_rows, *audit, mail, random, clock,
              config.risk, config.mfa}),
      watch({*familiar_rows, *session_rows, not_me, *audit, mail, places, clock, config.risk}),
      approvals({*database, *approval_rows, *session_rows, *audit, mail, random, clock, config.risk}),
      registration(
          {*database, *users, access, *audit, code_mailer, *hasher, breaches, random, clock, config.passwords}),
      login({*database, *users,        access,          *audit,    feed,      codes,    code_mailer, *hasher, guesses,
             factors,   challenges,    passkeys,        watch,     approvals, sessions, checker,     keys,    random,
             clock,     config.tokens, config.sessions, config.mfa}),
      step_up({*database, *users, access, *audit, passwords, factors, codes, code_mailer, passkeys, sessions, login,
               clock, config.sessions, config.mfa}),
      late_enrolment({*database, factors, own_factors, challenges, passkeys, login}),
      impersonations({*database, accounts, access, sessions, mail, login, clock, config.sessions}),
      invitations({*database, *invitation_rows, *users, access, *audit, mail, random, clock, config.invitations}),
      invited({invitations, *users, access, codes, *audit, *hasher, breaches, login, random, clock, config.passwords}),
      passkey_sign_in({*database, *users, *audit, passkeys, sessions, login}),
      email_change({*database, *email_change_rows, *users, codes, passwords, sessions, *audit, mail, feed, clock}),
      own_data({*database, *own_rows, *audit, clock}),
      removal({accounts, access, sessions, *remains}),
      deletion(
          {*database, *users, access, passwords, sessions, removal, *remains, *audit, mail, feed, clock, config.self}),
      admin({*database, accounts, access, sessions, passwords, removal, *audit}) {}

// The schema, the seeded roles and the first keys come in one transaction under one lock.
core::Result<> App::migrate() {
  TRY(storage::migrate_up(*database, [this](core::Tx& tx) -> core::Result<> {
    TRY(access.seed(tx));
    TRY(keys.make_missing(tx));
    // A store that was copied has no changes yet, and copies of sessions are dated by the last one.
    if (TRY(change_rows->head(tx)).seq == 0) TRY(feed.announce(tx, {changes::Kind::roles}));
    return {};
  }));
  return {};
}

void App::subscribe() {
  feed.on_going_back([this] { end_again.wake(); });
  feed.subscribe([this](const std::optional<changes::Change>& change) {
    using changes::Kind;
    const bool everything = !change;
    if (everything || change->kind == Kind::roles) {
      access.forget_roles();
      near.drop_all();
    } else if (change->kind != Kind::keys) {
      near.drop(accounts::UserId{change->key});
    }
    // Last, for the store may take its time.
    if (everything || change->kind == Kind::keys)
      if (const auto read = keys.reload(); !read)
        core::log(core::Level::error, "keys cannot be read", {{"cause", read.error().cause}});
  });
}

}  // namespace app
