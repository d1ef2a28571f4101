// A Redis of its own for a test, on loopback, gone with the process that started it.
#pragma once
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace support {

// One that nobody listens on at this moment.
int free_port();

class RedisServer {
 public:
  // Null where redis-server is not installed. `more`: further words of its command line.
  static std::unique_ptr<RedisServer> start(const std::vector<std::string>& more = {});
  // A sentinel that alone decides, within half a second, that the master at this port is gone; it calls it "main".
  static std::unique_ptr<RedisServer> start_sentinel(const std::string& master_port);
  ~RedisServer();

  std::string port() const { return std::to_string(port_); }
  std::string url() const { return "redis://127.0.0.1:" + port(); }
  const std::string& directory() const { return directory_; }
  // Stands still until it is resumed.
  void pause();
  void resume();
  // As a crash; the next one on the same port knows nothing.
  void restart();
  void kill();

 private:
  RedisServer(int port, std::vector<std::string> words, std::string directory);
  void run();

  const int port_;
  const std::vector<std::string> words_;
  const std::string directory_;
  pid_t pid_ = 0;
};

}  // namespace support
