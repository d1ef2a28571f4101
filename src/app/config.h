// Owns: all settings of the program, and where their values come from.
// Does not own: what each setting means (features' x_config.h).
// Thread rule: read at start-up by one thread; read only afterwards.
#pragma once
#include "access/access_config.h"
#include "audit/audit_config.h"
#include "cache/redis_config.h"
#include "core/log.h"
#include "http/http_config.h"
#include "invitations/invitation_config.h"
#include "limits/limit_config.h"
#include "mail/mail_config.h"
#include "mfa/mfa_config.h"
#include "passwords/password_config.h"
#include "risk/risk_config.h"
#include "self/self_config.h"
#include "sessions/session_config.h"
#include "tokens/token_config.h"
#include "verification/code_config.h"
#include "webauthn/webauthn_config.h"

namespace app {

enum class Migrate { automatic, off };
constexpr std::array<core::Name<Migrate>, 2> names_of(Migrate) {
  return {{{Migrate::automatic, "auto"}, {Migrate::off, "off"}}};
}

// Who has a connection of a pooler that stands before PostgreSQL, and until when.
enum class PoolMode { session, transaction };
constexpr std::array<core::Name<PoolMode>, 2> names_of(PoolMode) {
  return {{{PoolMode::session, "session"}, {PoolMode::transaction, "transaction"}}};
}

struct StoreConfig {
  std::string data_dir = "./usher-data";
  crypto::Secret database_url;
  int64_t database_pool = 16;
  PoolMode pool_mode = PoolMode::session;
  Migrate migrate = Migrate::automatic;
  crypto::Secret master_key;
};

struct LogConfig {
  core::LogFormat format = core::LogFormat::automatic;
  core::Level level = core::Level::info;
};

struct Config {
  http::Config http;
  StoreConfig store;
  cache::Config redis;
  tokens::Config tokens;
  sessions::Config sessions;
  roles::Config access;
  verification::Config verification;
  limits::Config limits;
  invitations::Config invitations;
  passwords::Config passwords;
  mfa::Config mfa;
  audit::Config audit;
  webauthn::Config webauthn;
  risk::Config risk;
  self::Config self;
  mail::Config mail;
  LogConfig log;
  std::string metrics_listen;
  std::string file;  // that these were read from; empty without one

  bool uses_postgres() const;
};

// Every setting, bound to `config`, which outlives the result.
core::Settings declare_all(Config& config);

// Values from usher.toml (or --config=FILE), then the environment, then `flags` ("name=value"); the later wins. The
// path of the file that was read; empty when there was none. Errors: validation_failed with a sentence that names the
// setting and what to change.
core::Result<std::string> load(core::Settings& settings, const std::vector<std::string>& flags);
// What no single setting can tell.
core::Result<> check(const Config& config);

// docs/reference/config.md.
std::string settings_markdown(core::Settings& settings);

}  // namespace app

namespace core {

constexpr std::array<Name<LogFormat>, 3> names_of(LogFormat) {
  return {{{LogFormat::automatic, "auto"}, {LogFormat::json, "json"}, {LogFormat::text, "text"}}};
}
constexpr std::array<Name<Level>, 4> names_of(Level) {
  return {{{Level::debug, "debug"}, {Level::info, "info"}, {Level::warn, "warn"}, {Level::error, "error"}}};
}

}  // namespace core
