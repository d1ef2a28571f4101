#include "app/commands.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/result.h"
#include "tests/support/databases.h"

namespace app {
namespace {

struct Outcome {
  int code;
  std::string out, err;
};

// As if the program had been called with `words`.
Outcome call(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run(arguments);
  std::fflush(stdout);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

struct Commands : testing::Test {
  const std::string directory = support::create_test_directory();
  // On an empty store of its own.
  Outcome on_store(std::vector<std::string> words) {
    words.push_back("--data.dir=" + directory);
    return call(std::move(words));
  }
};

TEST_F(Commands, HelpListsThemAll) {
  for (const auto& words : {std::vector<std::string>{"--help"}, {"-h"}, {"help"}, {"--log.level=warn", "--help"}}) {
    const auto outcome = call(words);
    EXPECT_EQ(outcome.code, 0);
    for (const char* name : {"serve", "migrate up", "user create", "user grant", "keys rotate", "config", "version"})
      EXPECT_TRUE(has(outcome.out, name)) << name;
  }
}

TEST_F(Commands, HelpBehindAWordListsWhatBeginsWithIt) {
  for (const auto& words : {std::vector<std::string>{"user", "--help"}, {"user", "create", "-h"}}) {
    const auto outcome = call(words);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(has(outcome.out, "user create") && has(outcome.out, "user grant")) << outcome.out;
    EXPECT_FALSE(has(outcome.out, "serve") || has(outcome.out, "keys rotate")) << outcome.out;
  }
}

TEST_F(Commands, WithoutWordsTheUsageIsShownAsAMistake) {
  EXPECT_EQ(call({}).code, 2);
  EXPECT_EQ(call({"--log.level=warn"}).code, 2);
}

TEST_F(Commands, AnUnknownCommandIsNamed) {
  for (const char* word : {"server", "Serve", "user", "keys"}) {
    const auto outcome = call({word});
    EXPECT_EQ(outcome.code, 2) << word;
    EXPECT_TRUE(has(outcome.err, word)) << outcome.err;
  }
  EXPECT_TRUE(has(call({"user"}).err, "user create")) << "what the word may go on with";
  EXPECT_FALSE(has(call({"user"}).err, "keys rotate"));
}

TEST_F(Commands, TooFewOrTooManyWordsShowTheCommandsUsage) {
  for (const auto& words : {std::vector<std::string>{"user", "grant", "a@example.com"},
                            {"user", "create"},
                            {"serve", "now"},
                            {"user", "disable", "a", "b"},
                            {"keys", "rotate", "access", "refresh"}}) {
    const auto outcome = call(words);
    EXPECT_EQ(outcome.code, 2) << words[0] << ' ' << words.back();
    EXPECT_TRUE(has(outcome.err, "usage: usher " + words[0]));
  }
}

TEST_F(Commands, TheVersionIsShown) {
  for (const char* word : {"version", "--version"}) {
    const auto outcome = call({word});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(outcome.out.starts_with("usher "));
  }
}

TEST_F(Commands, FlagsAreReadInBothForms) {
  EXPECT_TRUE(has(call({"config", "--tokens.issuer=me"}).out, "* tokens.issuer = me"));
  EXPECT_TRUE(has(call({"config", "--tokens.issuer", "me"}).out, "* tokens.issuer = me"));
  EXPECT_TRUE(has(call({"--tokens.issuer", "me", "config"}).out, "* tokens.issuer = me"));
  EXPECT_TRUE(has(call({"config", "--tokens.issuer=a=b"}).out, "* tokens.issuer = a=b"));
}

TEST_F(Commands, SecretsAreNotShown) {
  const auto outcome = call({"config", "--keys.master=something that nobody may see here"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_FALSE(has(outcome.out + outcome.err, "nobody may see"));
  EXPECT_TRUE(has(outcome.out, "keys.master = (set)"));
}

TEST_F(Commands, ABadSettingIsASentenceAndNothingIsDone) {
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"--sessions.idle_timeuot=90", "did you mean sessions.idle_timeout?"},
      {"--sessions.idle_timeout=1", "at least 60"},
      {"--log.level", "needs a value"},
      {"--tokens.algorithm=HS256", "tokens.secret"},
      {"--database.url=mysql://x", "database.url"},
  };
  for (const auto& [flag, sentence] : mistakes) {
    const auto outcome = call({"migrate", "up", "--data.dir=" + directory + "/none", flag});
    EXPECT_EQ(outcome.code, 1) << flag;
    EXPECT_TRUE(has(outcome.err, "usher: ") && has(outcome.err, sentence)) << flag << ": " << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(directory + "/none")) << flag;
  }
}

TEST_F(Commands, AnEmptyStoreIsMadeAndWhatIsMissingInItIsTold) {
  EXPECT_EQ(on_store({"migrate", "up"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(directory + "/usher.db"));
  const auto status = on_store({"migrate", "status"});
  EXPECT_EQ(status.code, 0);
  EXPECT_TRUE(has(status.out, "applied"));
  EXPECT_FALSE(has(status.out, "pending"));
  const auto keys = on_store({"keys", "list"});
  EXPECT_TRUE(has(keys.out, "access") && has(keys.out, "refresh"));
  const auto grant = on_store({"user", "grant", "nobody@example.com", "admin"});
  EXPECT_EQ(grant.code, 1);
  EXPECT_TRUE(has(grant.err, "there is no user nobody@example.com")) << grant.err;
  EXPECT_EQ(on_store({"user", "grant", "no address", "admin"}).code, 1);
  EXPECT_EQ(on_store({"keys", "rotate", "everything"}).code, 1);
}

TEST_F(Commands, AnotherMasterKeyIsToldByName) {
  EXPECT_EQ(on_store({"migrate", "up"}).code, 0);
  const auto outcome = on_store({"keys", "list", "--keys.master=another one, of thirty-two characters or more"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(has(outcome.err, "keys.master")) << outcome.err;
}

// In a wrong directory or with a setting forgotten, `session revoke-all` made a store and said that it ended 0
// sessions.
TEST_F(Commands, OnlyThoseThatBeginSomethingMakeAStore) {
  const std::string none = "--data.dir=" + directory + "/none";
  for (const auto& words : {std::vector<std::string>{"session", "revoke-all"},
                            {"session", "revoke-unproved"},
                            {"keys", "rotate"},
                            {"audit", "verify"},
                            {"user", "list"},
                            {"user", "unlock", "a@example.com"},
                            {"role", "list"},
                            {"migrate", "status"},
                            {"data", "export"},
                            {"risk", "replay"},
                            {"serve", "--database.migrate=off"}}) {
    auto all = words;
    all.push_back(none);
    const auto outcome = call(all);
    EXPECT_EQ(outcome.code, 1) << words[0];
    EXPECT_TRUE(has(outcome.err, "there is no store " + directory + "/none/usher.db")) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(directory + "/none/usher.db")) << words[0];
  }
  EXPECT_EQ(call({"seed", none}).code, 0);
  EXPECT_TRUE(has(call({"session", "revoke-all", none}).out, "ended 0 sessions in " + directory + "/none/usher.db"));
}

// As for who may not enter data.dir: an exception ended the process.
TEST_F(Commands, AStoreThatCannotBeReachedIsToldWithTheReason) {
  std::filesystem::create_symlink("loop", directory + "/loop");
  for (const char* word : {"list", "rotate"}) {
    const auto outcome = call({"keys", word, "--data.dir=" + directory + "/loop"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(has(outcome.err, directory + "/loop/usher.db cannot be reached: Too many levels")) << outcome.err;
  }
}

TEST_F(Commands, AnOldSchemaIsLeftToMigrateUp) {
  std::ofstream(directory + "/usher.db");
  std::ofstream(directory + "/master.key") << std::string(43, 'k');
  chmod((directory + "/master.key").c_str(), 0600);
  const auto outcome = on_store({"keys", "list"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(has(outcome.err, "usher migrate up")) << outcome.err;
}

}  // namespace
}  // namespace app
