// Owns: routes, a gate, an in-process server and a plain client for the tests of this folder.
// Does not own: what is tested.
// Thread rule: one test at a time.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <latch>
#include <map>

#include "core/metrics.h"
#include "http/server/connection.h"
#include "http/server/server.h"

namespace http::test {

// One answer as the client sees it.
struct Reply {
  int status = 0;
  std::string head, body;
  // The value of a header, empty when there is none.
  std::string header(std::string_view name) const;
};
// Takes the first whole answer off `bytes`; absent when there is none. `after_head`: the request was HEAD.
std::optional<Reply> take_reply(std::string& bytes, bool after_head = false);

// Admits `Authorization: Bearer good`; the permission "never" is denied.
class TestGate final : public Gate {
 public:
  core::Result<Caller> admit(const Request& request, const Guard& guard) override;
};

// Lets a test hold the requests of GET /held and /later/held and say when they end.
struct Hold {
  std::atomic<int> entered{0};
  std::atomic<bool> released{false};
  void keep();
  void wait_for(int count) const;
};

std::vector<Route> test_routes(Hold& hold);

struct TestServer {
  explicit TestServer(Config config = {});
  ~TestServer();
  core::SystemClock clock;
  core::Metrics metrics;
  TestGate gate;
  Hold hold;
  std::unique_ptr<Server> server;
};
// Settings that tests share: a free port, one thread, two workers.
Config test_config();

class Client {
 public:
  explicit Client(uint16_t port);
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~Client();
  void send(std::string_view bytes);
  // The next answer; status 0 when the connection ended or nothing came for five seconds.
  Reply receive(bool after_head = false);
  Reply ask(std::string_view bytes) { return send(bytes), receive(); }
  // Whether the server closes within `limit`.
  bool closes_within(std::chrono::milliseconds limit);
  int native() const { return socket_; }

 private:
  bool fill(int milliseconds);
  int socket_;
  std::string buffer_;
};

inline std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body,
                        std::string_view more = "Content-Type: application/json\r\n") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more) + "\r\n" + std::string(body);
}

// A connection without a socket: bytes in, answers out.
class Bench {
 public:
  explicit Bench(Config config = {});
  ~Bench();
  // Feeds `bytes` in pieces of `piece` and returns every answer. ended() tells whether the connection would be closed.
  std::vector<Reply> feed(std::string_view bytes, size_t piece = 1 << 20);
  bool ended() const { return ended_; }
  Connection& connection() { return *connection_; }
  std::string raw;  // what was answered and is no whole answer
 private:
  void turn();
  core::Metrics metrics_;
  core::SystemClock clock_;
  TestGate gate_;
  Hold hold_;
  std::unique_ptr<Site> site_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Connection> connection_;
  bool ended_ = false;
};

// The folder of public test data; absent where it is not.
std::optional<std::filesystem::path> vectors(std::string_view folder);

}  // namespace http::test
