#include "app/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include "tests/support/databases.h"

namespace app {
namespace {

// A variable for the time of a test.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Variable() { unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;

 private:
  const std::string name_;
};

struct ConfigTest : testing::Test {
  const std::string directory = support::create_test_directory();
  const std::string file = directory + "/usher.toml";
  Config config;
  core::Settings settings = declare_all(config);

  void write(const std::string& text) { std::ofstream(file) << text; }
  // The sentence of the refusal; empty when all was read.
  std::string load_with(std::vector<std::string> flags, bool with_file = false) {
    if (with_file) flags.push_back("config=" + file);
    const auto loaded = load(settings, flags);
    return loaded ? "" : loaded.error().detail;
  }
  std::string from_file(const std::string& text) {
    write(text);
    return load_with({}, true);
  }
  std::string checked() {
    const auto fine = check(config);
    return fine ? "" : fine.error().detail;
  }
  static bool says(const std::string& sentence, std::initializer_list<std::string_view> parts) {
    return std::ranges::all_of(parts, [&](std::string_view part) { return sentence.find(part) != std::string::npos; });
  }
};

TEST_F(ConfigTest, DefaultsNeedNoSettings) {
  EXPECT_EQ(load_with({}), "");
  EXPECT_EQ(checked(), "");
  for (const auto& row : settings.rows()) EXPECT_FALSE(row.changed) << row.name;
}

TEST_F(ConfigTest, TheEnvironmentBeatsTheFileAndAFlagBeatsBoth) {
  write("[sessions]\nidle_timeout = \"1h\"\nabsolute_timeout = \"2h\"\nrefresh_grace = 10\n");
  const Variable idle("USHER_SESSIONS_IDLE_TIMEOUT", "90m"), absolute("USHER_SESSIONS_ABSOLUTE_TIMEOUT", "3d");
  EXPECT_EQ(load_with({"sessions.absolute_timeout=5d"}, true), "");
  EXPECT_EQ(config.sessions.refresh_grace, core::Seconds(10));
  EXPECT_EQ(config.sessions.idle_timeout, std::chrono::minutes(90));
  EXPECT_EQ(config.sessions.absolute_timeout, std::chrono::days(5));
  EXPECT_TRUE(settings.find("sessions.refresh_grace")->changed);
}

TEST_F(ConfigTest, TheLastOfTwoFlagsCounts) {
  EXPECT_EQ(load_with({"tokens.issuer=a", "tokens.issuer=b"}), "");
  EXPECT_EQ(config.tokens.issuer, "b");
}

TEST_F(ConfigTest, AFileHoldsEveryTypeInTablesOrDottedKeys) {
  EXPECT_EQ(from_file("log.level = \"warn\"\n[http]\ncors_origins = [\"https://a.example\", \"https://b.example\"]\n"
                      "[database]\npool = 7\nmigrate = \"off\"\n[tokens]\naccess_ttl = 90\n"),
            "");
  EXPECT_EQ(config.log.level, core::Level::warn);
  EXPECT_EQ(config.http.cors_origins, (std::vector<std::string>{"https://a.example", "https://b.example"}));
  EXPECT_EQ(config.store.database_pool, 7);
  EXPECT_EQ(config.store.migrate, Migrate::off);
  EXPECT_EQ(config.tokens.access_ttl, core::Seconds(90));
}

TEST_F(ConfigTest, ASecretMayLieInAFile) {
  std::ofstream(directory + "/secret") << "a secret with  spaces\n\n";
  const Variable variable("USHER_KEYS_MASTER_FILE", directory + "/secret");
  EXPECT_EQ(load_with({}), "");
  EXPECT_EQ(config.store.master_key.expose(), "a secret with  spaces");
}

TEST_F(ConfigTest, AFileThatCannotBeReadIsNamed) {
  const Variable variable("USHER_KEYS_MASTER_FILE", directory + "/absent");
  EXPECT_TRUE(says(load_with({}), {"USHER_KEYS_MASTER_FILE", directory + "/absent"}));
}

TEST_F(ConfigTest, OnlySecretsAreReadFromFiles) {
  const Variable variable("USHER_TOKENS_ISSUER_FILE", directory + "/absent");
  EXPECT_EQ(load_with({}), "");
}

TEST_F(ConfigTest, KnownVariablesOfOtherNamesAreReadAndOursBeatsThem) {
  {
    const Variable url("DATABASE_URL", "postgresql://u@h/d"), secret("JWT_SECRET", "one");
    EXPECT_EQ(load_with({}), "");
    EXPECT_EQ(config.store.database_url.expose(), "postgresql://u@h/d");
    EXPECT_EQ(config.tokens.secret.expose(), "one");
    EXPECT_TRUE(config.uses_postgres());
    const Variable own("USHER_TOKENS_SECRET", "two");
    EXPECT_EQ(load_with({}), "");
    EXPECT_EQ(config.tokens.secret.expose(), "two");
  }
  std::ofstream(directory + "/secret") << "three";
  const Variable secret_file("JWT_SECRET_FILE", directory + "/secret");
  EXPECT_EQ(load_with({}), "");
  EXPECT_EQ(config.tokens.secret.expose(), "three");
}

TEST_F(ConfigTest, AnUnknownSettingIsRefusedWithTheNearest) {
  EXPECT_TRUE(says(from_file("[sessions]\nidle_timeuot = 90\n"),
                   {file, "sessions.idle_timeuot", "did you mean sessions.idle_timeout?"}));
  EXPECT_TRUE(
      says(load_with({"sesions.idle_timeout=90"}), {"--sesions.idle_timeout", "did you mean sessions.idle_timeout?"}));
  const std::string strange = load_with({"something.entirely.different=1"});
  EXPECT_TRUE(says(strange, {"something.entirely.different"}));
  EXPECT_FALSE(says(strange, {"did you mean"}));
}

TEST_F(ConfigTest, ABadValueIsRefusedWithItsPlaceAndWhatIsAllowed) {
  EXPECT_TRUE(says(load_with({"sessions.idle_timeout=soon"}), {"--sessions.idle_timeout", "sessions.idle_timeout"}));
  EXPECT_TRUE(says(load_with({"sessions.idle_timeout=59"}), {"sessions.idle_timeout", "at least 60"}));
  EXPECT_TRUE(says(load_with({"sessions.refresh_grace=2h"}), {"at most 3600"}));
  EXPECT_TRUE(says(load_with({"tokens.algorithm=none"}), {"must be one of ES256, EdDSA, RS256, HS256"}));
  EXPECT_TRUE(says(load_with({"database.pool=many"}), {"database.pool"}));
  EXPECT_TRUE(says(load_with({"database.pool=0"}), {"at least 1"}));
  EXPECT_TRUE(says(load_with({"data.dir="}), {"data.dir"}));
  EXPECT_TRUE(says(load_with({"log.level"}), {"--log.level", "needs a value"}));
  const Variable variable("USHER_LOG_FORMAT", "xml");
  EXPECT_TRUE(says(load_with({}), {"USHER_LOG_FORMAT", "log.format", "auto, json, text"}));
}

TEST_F(ConfigTest, AFileThatIsNoTomlOrIsNotThereIsNamed) {
  EXPECT_TRUE(says(from_file("[sessions\nidle_timeout = 90\n"), {file, "line "}));
  EXPECT_TRUE(
      says(from_file("[sessions]\nidle_timeout = 1979-05-27\n"), {file, "sessions.idle_timeout", "must be text"}));
  EXPECT_TRUE(says(load_with({"config=" + directory + "/absent.toml"}), {"absent.toml"}));
}

TEST_F(ConfigTest, NoSentenceHoldsASecret) {
  const Variable variable("USHER_KEYS_MASTER", "hidden-value");
  EXPECT_EQ(load_with({"tokens.secret=hidden-value"}), "");
  EXPECT_FALSE(says(checked(), {"hidden-value"}));
  EXPECT_NE(checked(), "");
  for (const auto& row : settings.rows()) EXPECT_FALSE(says(row.show(), {"hidden-value"})) << row.name;
  EXPECT_EQ(settings.find("keys.master")->show(), "(set)");
}

TEST_F(ConfigTest, WeakSigningSecretsAreRefused) {
  for (const char* weak :
       {"secret", "short-but-odd-9134", "0123456789abcdef0123456789abcde", "your-256-bit-secret-your-256-bit-secret",
        "please-change-me-please-change-me-please", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    config.tokens.secret = crypto::Secret(weak);
    EXPECT_TRUE(says(checked(), {"JWT_SECRET", "openssl rand"})) << weak;
  }
  config.tokens.secret = crypto::Secret("xO0yl3gT2s2ZbV7mM9q1nC4kR8fJ5wUe6hDpAiKzLtY");
  EXPECT_EQ(checked(), "");
}

TEST_F(ConfigTest, WhatBelongsTogetherIsChecked) {
  config.tokens.algorithm = crypto::Algorithm::HS256;
  EXPECT_TRUE(says(checked(), {"HS256", "tokens.secret"}));
  config.tokens.algorithm = crypto::Algorithm::ES256;

  config.store.master_key = crypto::Secret(std::string(31, 'k'));
  EXPECT_TRUE(says(checked(), {"keys.master", "32"}));
  config.store.master_key = crypto::Secret(std::string(32, 'k'));
  EXPECT_EQ(checked(), "");

  config.store.database_url = crypto::Secret("postgres://u:hidden@h/d");
  EXPECT_EQ(checked(), "");
  config.store.master_key = {};
  EXPECT_EQ(checked(), "") << "a command that opens nothing that is sealed needs no key";
  config.store.database_url = crypto::Secret("mysql://u:hidden@h/d");
  EXPECT_TRUE(says(checked(), {"database.url", "postgresql:"}));
  config.store.database_url = crypto::Secret("sqlite:/tmp/x.db");
  EXPECT_EQ(checked(), "");

  config.risk.rules.of(risk::Signal::new_country) = risk::Action::record;
  EXPECT_TRUE(says(checked(), {"risk.new_country", "risk.geo_database"}));
  config.risk.geo_database = "places.mmdb";
  EXPECT_EQ(checked(), "");
  config.risk.rules.of(risk::Signal::second_network) = risk::Action::block;
  EXPECT_TRUE(says(checked(), {"risk.second_network", "notify"}));
  config.risk = {};

  config.passwords.memory_kib = 7168;
  EXPECT_TRUE(says(checked(), {"passwords.memory_kib", "passwords.passes"}));
}

TEST_F(ConfigTest, EverySettingIsDocumentedAndItsDefaultCanBeGiven) {
  std::set<std::string> names, variables;
  const std::string page = settings_markdown(settings);
  for (auto& row : settings.rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " is declared twice";
    EXPECT_TRUE(variables.insert(row.environment_name()).second) << row.name;
    EXPECT_NE(row.name.find('.'), std::string::npos) << row.name;
    EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."), std::string::npos) << row.name;
    EXPECT_GT(row.doc.size(), 10u) << row.name;
    EXPECT_TRUE(row.doc.ends_with('.')) << row.name << ": " << row.doc;
    EXPECT_FALSE(row.type.empty()) << row.name;
    EXPECT_TRUE(says(page, {"`" + row.name + "`", "`" + row.environment_name() + "`"})) << row.name;
    if (!row.default_text.empty()) EXPECT_TRUE(row.set(row.default_text)) << row.name << " = " << row.default_text;
    if (row.secret) EXPECT_TRUE(row.default_text.empty()) << row.name;
  }
  EXPECT_GT(names.size(), 30u);
  EXPECT_EQ(checked(), "");
}

}  // namespace
}  // namespace app
