#include "cache/connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "tests/support/redis_server.h"

namespace cache {
namespace {

using core::Millis;
using support::RedisServer;

constexpr Millis limit{2000};

Address address_of(const RedisServer& server, const std::string& url = "redis://127.0.0.1:") {
  return parse_redis_url(url + server.port()).value();
}

core::Result<std::unique_ptr<Connection>> open(const Address& address, const std::string& ca_file = "") {
  return Connection::open(address.endpoints.at(0), address, ca_file, limit);
}

// Why it could not be opened; empty when it was.
std::string refusal(const Address& address, const std::string& ca_file = "") {
  const auto opened = open(address, ca_file);
  return opened ? "" : opened.error().cause;
}

TEST(Connection, SpeaksWithRedis) {
  const auto server = RedisServer::start();
  if (!server) GTEST_SKIP() << "skipped: no redis-server";
  const auto connection = open(address_of(*server));
  ASSERT_TRUE(connection) << connection.error().cause;
  const std::string value = std::string("a\r\n\0b", 5) + std::string(100'000, 'x');
  EXPECT_EQ((*connection)->call({"SET", "key", value}, limit)->text, "OK");
  EXPECT_EQ((*connection)->call({"GET", "key"}, limit)->text, value);
  EXPECT_TRUE((*connection)->call({"GET", "none"}, limit)->is_nil());
  const auto refused = (*connection)->call({"INCR", "key"}, limit);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().cause.find("not an integer"), std::string::npos);
  EXPECT_FALSE((*connection)->broken()) << "a refusal is an answer";
  EXPECT_EQ((*connection)->call({"PING"}, limit)->text, "PONG");
}

TEST(Connection, AUserAPasswordAndADatabaseAreSaid) {
  const auto server =
      RedisServer::start({"--requirepass", "hush-hush", "--user", "usher", "on", ">p@ss:word", "~*", "&*", "+@all"});
  if (!server) GTEST_SKIP() << "skipped: no redis-server";
  EXPECT_EQ(refusal(address_of(*server, "redis://:hush-hush@127.0.0.1:")), "");
  EXPECT_EQ(refusal(address_of(*server, "redis://usher:p%40ss%3Aword@127.0.0.1:")), "");
  Address third = address_of(*server, "redis://:hush-hush@127.0.0.1:");
  third.database = 3;
  EXPECT_EQ(refusal(third), "");
  const std::string why = refusal(address_of(*server, "redis://usher:wrong-word@127.0.0.1:"));
  EXPECT_NE(why.find("WRONGPASS"), std::string::npos) << why;
  EXPECT_EQ(why.find("wrong-word"), std::string::npos);
  const auto nobody = open(address_of(*server));
  EXPECT_FALSE(nobody && (*nobody)->call({"PING"}, limit));
}

TEST(Connection, AnAnswerThatIsLateBreaksTheConversation) {
  const auto server = RedisServer::start();
  if (!server) GTEST_SKIP() << "skipped: no redis-server";
  const auto connection = open(address_of(*server)).value().release();
  const std::unique_ptr<Connection> owner(connection);
  server->pause();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(connection->call({"GET", "a"}, Millis(100)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, Millis(1000));
  server->resume();
  EXPECT_TRUE(connection->broken()) << "the late answer would be taken for that of the next question";
  EXPECT_FALSE(connection->call({"PING"}, limit));
}

TEST(Connection, NobodyThereIsToldWithTheAddress) {
  const auto server = RedisServer::start();
  if (!server) GTEST_SKIP() << "skipped: no redis-server";
  Address nobody = address_of(*server);
  nobody.endpoints[0].port = "1";
  EXPECT_NE(refusal(nobody).find("127.0.0.1 port 1"), std::string::npos);
  nobody.endpoints[0].host = "no-such-host.invalid";
  EXPECT_NE(refusal(nobody).find("no-such-host.invalid"), std::string::npos);
}

// A server that answers every connection with the same bytes.
class Parrot {
 public:
  explicit Parrot(std::string says) : says_(std::move(says)), file_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(file_, reinterpret_cast<sockaddr*>(&address), size) || listen(file_, 8) ||
        getsockname(file_, reinterpret_cast<sockaddr*>(&address), &size))
      std::abort();
    address_.endpoints = {{"127.0.0.1", std::to_string(ntohs(address.sin_port))}};
    thread_ = std::thread([this] { serve(); });
  }
  ~Parrot() {
    shutdown(file_, SHUT_RDWR);
    thread_.join();
    close(file_);
  }
  const Address& address() const { return address_; }

 private:
  void serve() {
    for (int peer; (peer = accept(file_, nullptr, nullptr)) >= 0; close(peer)) {
      char ignored[256];
      if (recv(peer, ignored, sizeof ignored, 0) > 0) send(peer, says_.data(), says_.size(), MSG_NOSIGNAL);
    }
  }
  const std::string says_;
  const int file_;
  Address address_;
  std::thread thread_;
};

TEST(Connection, WhoeverSpeaksSomethingElseIsNotBelieved) {
  for (const char* says : {"HTTP/1.1 200 OK\r\n\r\n", "*1\r\n", "$5\r\nab", "\0\0\0", "*-5\r\n", ""}) {
    const Parrot parrot(says);
    const auto connection = open(parrot.address());
    ASSERT_TRUE(connection);
    const auto reply = (*connection)->call({"PING"}, limit);
    ASSERT_FALSE(reply) << says;
    EXPECT_EQ(reply.error().code, core::Code::store_unavailable);
    EXPECT_TRUE((*connection)->broken());
  }
}

TEST(Connection, TlsIsVerified) {
  const auto plain = RedisServer::start();
  if (!plain) GTEST_SKIP() << "skipped: no redis-server";
  const std::string& at = plain->directory();
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=redis "
      "-addext subjectAltName=IP:127.0.0.1 -keyout " +
      at + "/key.pem -out " + at + "/cert.pem 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const std::string tls_port = std::to_string(support::free_port());
  const auto server = RedisServer::start({"--tls-port", tls_port, "--tls-cert-file", at + "/cert.pem", "--tls-key-file",
                                          at + "/key.pem", "--tls-auth-clients", "no"});
  Address address = parse_redis_url("rediss://127.0.0.1").value();
  address.endpoints[0].port = tls_port;
  const auto connection = open(address, at + "/cert.pem");
  ASSERT_TRUE(connection) << connection.error().cause;
  const std::string value(100'000, 'x');
  EXPECT_TRUE((*connection)->call({"SET", "key", value}, limit));
  EXPECT_EQ((*connection)->call({"GET", "key"}, limit)->text, value);
  EXPECT_NE(refusal(address), "") << "signed by nobody whom the system knows";
  EXPECT_NE(refusal(address, at + "/none.pem").find("redis.tls_ca"), std::string::npos);
  address.endpoints[0].host = "localhost";
  EXPECT_NE(refusal(address, at + "/cert.pem").find("mismatch"), std::string::npos) << "another name";
  address.endpoints[0].host = "127.0.0.1";
  address.endpoints[0].port = plain->port();
  EXPECT_NE(refusal(address, at + "/cert.pem"), "") << "a server without TLS";
}

}  // namespace
}  // namespace cache
