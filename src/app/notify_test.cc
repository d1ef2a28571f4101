#include "app/notify.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/databases.h"

namespace app {
namespace {

// The service manager's end.
struct Manager {
  int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  explicit Manager(const std::string& path) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (path[0] == '@') address.sun_path[0] = 0;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(bind(file, reinterpret_cast<const sockaddr*>(&address), size), 0) << path;
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Manager() {
    close(file);
    unsetenv("NOTIFY_SOCKET");
  }
  // A datagram, or nothing when there is none: it has arrived when notify() returns.
  std::string heard() const {
    std::string text(100, 0);
    const ssize_t count = recv(file, text.data(), text.size(), MSG_DONTWAIT);
    return text.substr(0, count < 0 ? 0 : static_cast<size_t>(count));
  }
};

TEST(Notify, ReachesASocketInTheFileSystemAndAnAbstractOne) {
  for (const auto& path : {support::create_test_directory() + "/notify", "@usher-test-" + std::to_string(getpid())}) {
    const Manager manager(path);
    notify("READY=1");
    notify("STOPPING=1");
    EXPECT_EQ(manager.heard(), "READY=1") << path;
    EXPECT_EQ(manager.heard(), "STOPPING=1");
    EXPECT_EQ(manager.heard(), "");
  }
}

// What is logged when `path` is where the service manager should be.
std::string logged(const std::string& path) {
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  testing::internal::CaptureStderr();
  notify("READY=1");
  unsetenv("NOTIFY_SOCKET");
  return testing::internal::GetCapturedStderr();
}

TEST(Notify, WhereNobodyListensItIsLoggedAndNothingElseHappens) {
  EXPECT_EQ(logged(""), "");
  EXPECT_NE(logged("/nowhere/notify").find("No such file"), std::string::npos);
  EXPECT_NE(logged(std::string(200, 'x')).find("too long"), std::string::npos);
}

}  // namespace
}  // namespace app
