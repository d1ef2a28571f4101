#include "app/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "tests/support/databases.h"

namespace app {
namespace {

struct MasterKey : testing::Test {
  Config config = [] {
    Config made;
    made.store.data_dir = support::create_test_directory();
    return made;
  }();
  const std::string path = config.store.data_dir + "/master.key";
  crypto::SystemRandom random;

  std::string read() {
    const auto key = master_key(config, random);
    return std::string(key ? std::string(key->expose()) : "refused: " + key.error().detail);
  }
  void write(const std::string& text, mode_t mode) {
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
  }
  size_t files() {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(config.store.data_dir),
                                             std::filesystem::directory_iterator()));
  }
};

TEST_F(MasterKey, IsMadeOnceForTheOwnerAlone) {
  const std::string key = read();
  EXPECT_EQ(key.size(), 43u) << "32 bytes in base64url";
  EXPECT_EQ(read(), key);
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(files(), 1u) << "no draft stays";
}

TEST_F(MasterKey, TheSettingComesFirstAndNoFileIsMade) {
  config.store.master_key = crypto::Secret("from the settings, long enough to be one");
  EXPECT_EQ(read(), "from the settings, long enough to be one");
  EXPECT_EQ(files(), 0u);
}

TEST_F(MasterKey, AFileThatOthersCanReadIsRefused) {
  const std::string key(43, 'k');
  for (const mode_t mode : {0644u, 0640u, 0604u, 0620u, 0602u, 0777u, 0610u}) {
    write(key, mode);
    EXPECT_EQ(read(), "refused: " + path + " can be read by others: chmod 600 it") << std::oct << mode;
  }
  for (const mode_t mode : {0600u, 0400u, 0700u}) {
    write(key, mode);
    chmod(path.c_str(), mode);
    EXPECT_EQ(read(), key);
    chmod(path.c_str(), 0600);
  }
}

TEST_F(MasterKey, AFileThatIsTooShortIsRefusedAndKept) {
  for (const std::string text : {"", "\n\n\n", "0123456789012345678901234567890"}) {
    write(text, 0600);
    EXPECT_EQ(read(), "refused: " + path + " is too short for a master key: restore it from a backup");
    EXPECT_EQ(std::filesystem::file_size(path), text.size());
  }
}

TEST_F(MasterKey, AnEditorsLineEndIsNoPartOfTheKey) {
  write(std::string(40, 'k') + "\n\n", 0600);
  EXPECT_EQ(read(), std::string(40, 'k'));
}

TEST_F(MasterKey, WhatCannotBeReadOrMadeIsNamed) {
  std::filesystem::create_directory(path);
  chmod(path.c_str(), 0700);
  EXPECT_TRUE(read().starts_with("refused: " + path));
  config.store.data_dir += "/absent";
  EXPECT_EQ(read().size(), 43u) << "a directory that is missing is made with it";
  config.store.data_dir = "/proc/nowhere";
  const auto refused = master_key(config, random);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().cause.starts_with("cannot create the directory /proc/nowhere")) << refused.error().cause;
}

// Another key would open nothing that is sealed in the store.
TEST_F(MasterKey, ThatIsMissingBesideAStoreIsNotMadeAnew) {
  std::ofstream(config.store.data_dir + "/usher.db") << "sealed";
  EXPECT_EQ(read(), "refused: " + path + " is missing beside " + config.store.data_dir +
                        "/usher.db: restore it from a backup, or give keys.master");
  EXPECT_EQ(files(), 1u);
  config.store.master_key = crypto::Secret("from the settings, long enough to be one");
  EXPECT_EQ(read(), "from the settings, long enough to be one");
}

TEST_F(MasterKey, IsRequiredWithPostgres) {
  config.store.database_url = crypto::Secret("postgresql://127.0.0.1/usher");
  EXPECT_TRUE(read().starts_with("refused: keys.master (USHER_KEYS_MASTER or USHER_KEYS_MASTER_FILE) is required"));
  EXPECT_EQ(files(), 0u);
}

// A start that was killed between making the draft and naming it.
TEST_F(MasterKey, ADraftThatWasLeftBehindIsNoObstacle) {
  std::ofstream(path + "." + std::to_string(getpid())) << "half";
  std::ofstream(path + ".aaaaaa") << "half";
  EXPECT_EQ(read().size(), 43u);
}

TEST_F(MasterKey, OfManyThreadsThatMakeItAllGetTheSame) {
  std::set<std::string> keys;
  std::mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        const std::string key = read();
        const std::lock_guard lock(mutex);
        keys.insert(key);
      });
  }
  ASSERT_EQ(keys.size(), 1u) << *keys.begin();
  EXPECT_EQ(keys.begin()->size(), 43u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(MasterKey, OfTwoProcessesThatMakeItBothGetTheSame) {
  for (int round = 0; round < 20; ++round) {
    std::filesystem::remove(path);
    int answer[2];
    ASSERT_EQ(pipe(answer), 0);
    const pid_t other = fork();
    ASSERT_GE(other, 0);
    if (other == 0) {
      const std::string key = read();
      const bool written = ::write(answer[1], key.data(), key.size()) == static_cast<ssize_t>(key.size());
      _exit(written ? 0 : 1);
    }
    close(answer[1]);
    const std::string mine = read();
    std::string its(4096, '\0');
    its.resize(static_cast<size_t>(std::max<ssize_t>(0, ::read(answer[0], its.data(), its.size()))));
    close(answer[0]);
    int status = 0;
    waitpid(other, &status, 0);
    EXPECT_EQ(mine, its);
    EXPECT_EQ(mine.size(), 43u);
  }
}

}  // namespace
}  // namespace app
