#include "app/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "passwords/signing_secret.h"
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace app {
namespace {

using core::Code, core::Result, core::SettingRow, core::Settings;

std::unexpected<core::Error> bad(std::string sentence) {
  return core::fail(Code::validation_failed, std::move(sentence));
}

Result<> assign(Settings& settings, std::string_view name, std::string_view text, std::string_view where) {
  SettingRow* row = settings.find(name);
  if (!row) {
    const std::string near = settings.nearest(name);
    return bad(std::string(where) + ": there is no setting " + std::string(name) +
               (near.empty() ? "" : "; did you mean " + near + "?"));
  }
  const auto done = row->set(text);
  if (!done) return bad(std::string(where) + ": " + row->name + ' ' + done.error().detail);
  row->changed = true;
  return {};
}

// A TOML value in the spelling that flags and variables use.
Result<std::string> text_of(const toml::node& node, std::string_view name, std::string_view file) {
  if (const auto* list = node.as_array()) {
    std::string all;
    for (const auto& item : *list) all += (all.empty() ? "" : ",") + TRY(text_of(item, name, file));
    return all;
  }
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<int64_t>()) return std::to_string(*number);
  if (const auto truth = node.value_exact<bool>()) return std::string(*truth ? "true" : "false");
  return bad(std::string(file) + ": " + std::string(name) + " must be text, a number, true, false or a list of them");
}

Result<> load_table(Settings& settings, const toml::table& table, const std::string& prefix, std::string_view file) {
  for (const auto& [key, value] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const auto* inner = value.as_table()) TRY(load_table(settings, *inner, name + '.', file));
    else TRY(assign(settings, name, TRY(text_of(value, name, file)), file));
  }
  return {};
}

Result<> load_file(Settings& settings, const std::string& path) {
  const auto parsed = toml::parse_file(path);
  if (parsed) return load_table(settings, parsed.table(), "", path);
  return bad(path + ": " + std::string(parsed.error().description()) + " (line " +
             std::to_string(parsed.error().source().begin.line) + ")");
}

Result<std::string> read_secret_file(const char* path, std::string_view variable) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return bad(std::string(variable) + " names a file that cannot be read: " + path);
  std::string value = text.str();
  while (value.ends_with('\n') || value.ends_with('\r')) value.pop_back();
  return value;
}

Result<> load_variable(Settings& settings, const SettingRow& row, const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value) TRY(assign(settings, row.name, value, variable));
  if (!row.secret) return {};
  const std::string file_variable = variable + "_FILE";
  const char* path = std::getenv(file_variable.c_str());
  if (value && path) return bad(variable + " and " + file_variable + " are both set: keep one");
  if (path) TRY(assign(settings, row.name, TRY(read_secret_file(path, file_variable)), file_variable));
  return {};
}

// A container's orchestrator sets variables of its own that begin with the service's name, so an unknown one is let
// pass unless it looks like a misspelt setting.
Result<> refuse_misspelt(Settings& settings) {
  constexpr std::string_view prefix = "USHER_";
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const std::string_view variable = text.substr(0, text.find('='));
    if (!variable.starts_with(prefix)) continue;
    const auto named = [&](const SettingRow& row) {
      const std::string name = row.environment_name();
      return variable == name || (row.secret && variable == name + "_FILE");
    };
    if (std::ranges::any_of(settings.rows(), named)) continue;
    std::string spelt(variable.substr(prefix.size()));
    std::ranges::transform(spelt, spelt.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::string near = settings.nearest(spelt);
    if (!near.empty())
      return bad(std::string(variable) + ": there is no such setting; did you mean " +
                 settings.find(near)->environment_name() + "?");
  }
  return {};
}

Result<> load_environment(Settings& settings) {
  TRY(refuse_misspelt(settings));
  for (const SettingRow& row : settings.rows()) {
    for (const auto& other : row.rule.also_from) TRY(load_variable(settings, row, std::string(other)));
    TRY(load_variable(settings, row, row.environment_name()));
  }
  return {};
}

void declare(Settings& settings, StoreConfig& config) {
  settings.add("data.dir", config.data_dir, "Where the embedded store and the master key live.", {.min = 1});
  settings.add("database.url", config.database_url,
               "postgresql://user:password@host/name, or sqlite:FILE for an embedded store elsewhere; without it "
               "usher.db in data.dir.",
               {.also_from = {"DATABASE_URL"}});
  settings.add("database.pool", config.database_pool, "Connections to PostgreSQL.", {.min = 1, .max = 1000});
  settings.add("database.pool_mode", config.pool_mode,
               "What a pooler before PostgreSQL calls its mode: with transaction, as PgBouncer has it, no statement is "
               "prepared and nothing is kept on a connection.");
  settings.add("database.migrate", config.migrate, "Whether `serve` brings the schema up to date by itself.");
  settings.add("keys.master", config.master_key,
               "Seals signing keys and mails at rest; the same on every node, at least 32 characters. The embedded "
               "store makes one in data.dir.");
}

}  // namespace

bool Config::uses_postgres() const {
  const auto url = store.database_url.expose();
  return url.starts_with("postgresql:") || url.starts_with("postgres:");
}

Settings declare_all(Config& config) {
  Settings settings;
  http::declare(settings, config.http);
  declare(settings, config.store);
  cache::declare(settings, config.redis);
  tokens::declare(settings, config.tokens);
  sessions::declare(settings, config.sessions);
  roles::declare(settings, config.access);
  verification::declare(settings, config.verification);
  limits::declare(settings, config.limits);
  passwords::declare(settings, config.passwords);
  mfa::declare(settings, config.mfa);
  audit::declare(settings, config.audit);
  webauthn::declare(settings, config.webauthn);
  risk::declare(settings, config.risk);
  self::declare(settings, config.self);
  invitations::declare(settings, config.invitations);
  mail::declare(settings, config.mail);
  settings.add("log.format", config.log.format, "auto is text on a terminal and JSON elsewhere.");
  settings.add("log.level", config.log.level, "The least level that is written.");
  settings.add("metrics.listen", config.metrics_listen,
               "An address of its own for GET /metrics, such as 127.0.0.1:9090; without it callers on loopback may ask "
               "the server.");
  return settings;
}

Result<std::string> load(Settings& settings, const std::vector<std::string>& flags) {
  std::string file = "usher.toml";
  bool named = false;
  for (const auto& flag : flags)
    if (flag.starts_with("config=")) file = flag.substr(7), named = true;
  const bool read = named || std::ifstream(file);
  if (read) TRY(load_file(settings, file));
  TRY(load_environment(settings));
  for (const auto& flag : flags) {
    const size_t equals = flag.find('=');
    if (flag.starts_with("config=")) continue;
    if (equals == std::string::npos) return bad("--" + flag + " needs a value: --" + flag + "=…");
    TRY(assign(settings, flag.substr(0, equals), flag.substr(equals + 1), "--" + flag.substr(0, equals)));
  }
  return read ? std::filesystem::absolute(file).string() : std::string();
}

Result<> check(const Config& config) {
  TRY(http::check(config.http));
  TRY(passwords::check(config.passwords));
  TRY(cache::check(config.redis));
  TRY(limits::check(config.limits));
  TRY(risk::check(config.risk));
  TRY(invitations::check(config.invitations));
  TRY(sessions::check(config.sessions));
  TRY(mail::check(config.mail));
  const auto& secret = config.tokens.secret;
  if (!secret.empty())
    if (const auto weakness = passwords::weakness_of_signing_secret(secret.expose()))
      return bad("tokens.secret (JWT_SECRET) " + *weakness + ": make one with `openssl rand -base64 48`");
  if (secret.empty() && config.tokens.algorithm == crypto::Algorithm::HS256)
    return bad("tokens.algorithm HS256 needs tokens.secret (JWT_SECRET)");
  const auto master = config.store.master_key.size();
  if (master > 0 && master < 32)
    return bad("keys.master must be at least 32 characters: make one with `openssl rand -base64 48`");
  const auto url = config.store.database_url.expose();
  if (!url.empty() && !config.uses_postgres() && !url.starts_with("sqlite:"))
    return bad("database.url must begin with postgresql: or sqlite:");
  return {};
}

namespace {

// "60s to 15m", "at least 1", "" where anything goes.
std::string bounds_of(const SettingRow& row) {
  const auto show = [&](int64_t value) {
    return row.type.contains("duration") ? core::show_duration(core::Seconds(value)) : std::to_string(value);
  };
  const std::string unit = row.type == "text" || row.secret ? " characters"
                           : row.type.starts_with("list,")  ? " items"
                                                            : "";
  const bool least = row.rule.min > 0, most = row.rule.max != core::SettingRule{}.max;
  if (least && most) return show(row.rule.min) + " to " + show(row.rule.max) + unit;
  if (least) return "at least " + show(row.rule.min) + unit;
  return most ? "at most " + show(row.rule.max) + unit : "";
}

}  // namespace

std::string settings_markdown(Settings& settings) {
  std::string out = "| setting | default | environment | what it does |\n|---|---|---|---|\n";
  for (const auto& row : settings.rows()) {
    std::string names = '`' + row.environment_name() + '`';
    if (row.secret) names += ", `" + row.environment_name() + "_FILE`";
    for (const auto& other : row.rule.also_from) names += ", `" + std::string(other) + '`';
    const std::string bounds = bounds_of(row);
    out += "| `" + row.name + "` | " + (row.default_text.empty() ? "" : '`' + row.default_text + '`') + " | " + names +
           " | " + row.doc + " (" + row.type + (bounds.empty() ? "" : "; " + bounds) + ") |\n";
  }
  return out;
}

}  // namespace app
