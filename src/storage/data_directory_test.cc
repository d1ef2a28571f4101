#include "storage/data_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "tests/support/databases.h"

namespace storage {
namespace {

TEST(DataDirectory, IsMadeForItsOwnerAlone) {
  const std::string path = support::create_test_directory() + "/deep/er";
  ASSERT_TRUE(lock_directory(path));
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  EXPECT_TRUE(create_directory(path));
  EXPECT_TRUE(create_directory(path + "/"));
}

TEST(DataDirectory, AFileInItIsForItsOwnerAlone) {
  const std::string path = support::create_test_directory() + "/usher.db";
  const auto mode = [&] {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0u;
  };
  create_private_file(path);
  EXPECT_EQ(mode(), 0600u);
  std::ofstream(path) << "kept";
  chmod(path.c_str(), 0640);
  create_private_file(path);
  EXPECT_EQ(mode(), 0640u) << "whose it was, decided that";
  std::string text;
  std::ifstream(path) >> text;
  EXPECT_EQ(text, "kept");
}

TEST(DataDirectory, HasOneServerAtATime) {
  const std::string path = support::create_test_directory();
  {
    auto first = lock_directory(path);
    ASSERT_TRUE(first);
    const DirectoryLock moved = std::move(*first);
    auto second = lock_directory(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, core::Code::store_unavailable);
    EXPECT_NE(
        second.error().cause.find("another server runs on " + path + " (process " + std::to_string(getpid()) + ")"),
        std::string::npos)
        << second.error().cause;
  }
  EXPECT_TRUE(lock_directory(path));
}

TEST(DataDirectory, SaysWhatIsInTheWay) {
  const std::string path = support::create_test_directory() + "/file";
  std::ofstream(path) << "x";
  auto refused = lock_directory(path);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().cause.find("cannot create the directory " + path), std::string::npos)
      << refused.error().cause;
  EXPECT_FALSE(lock_directory("/proc/usher-data"));
}

}  // namespace
}  // namespace storage
