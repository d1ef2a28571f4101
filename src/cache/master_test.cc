// Which server takes writes, asked of real servers, sentinels and clusters.
#include "cache/master.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/redis_server.h"

namespace cache {
namespace {

using core::Millis;
using support::RedisServer;
using Servers = std::vector<std::unique_ptr<RedisServer>>;

constexpr Millis limit{1000};
constexpr std::string_view key = "usher:{changes}:state";

core::Result<std::unique_ptr<Connection>> open(const std::string& url) {
  return open_master(parse_redis_url(url).value(), "", {"HINCRBY", key, "number", "0"}, limit);
}

std::string words_of(const Reply& reply) {
  std::string out = reply.type == Reply::Type::number ? std::to_string(reply.number) : reply.text;
  for (const Reply& one : reply.list) out += (out.empty() ? "" : " ") + words_of(one);
  return out;
}

std::string say(Connection& connection, std::initializer_list<std::string_view> words) {
  const auto reply = connection.call(words, limit);
  return reply ? words_of(*reply) : reply.error().cause;
}

std::string say(const RedisServer& server, std::initializer_list<std::string_view> words) {
  const Address address = parse_redis_url(server.url()).value();
  return say(*Connection::open(address.endpoints[0], address, "", limit).value(), words);
}

// The port of the server that was found, or why there is none.
std::string found(const std::string& url) {
  const auto opened = open(url);
  if (!opened) return opened.error().cause;
  return say(**opened, {"CONFIG", "GET", "port"}).substr(5);
}

template <class Condition>
bool eventually(Condition holds) {
  for (int i = 0; i < 300; ++i, std::this_thread::sleep_for(Millis(50)))
    if (holds()) return true;
  return false;
}

TEST(Redirect, IsReadOffARefusal) {
  const Endpoint asked{"asked", "1"};
  const auto read = [&](std::string text) {
    return redirect_of({.type = Reply::Type::error, .text = std::move(text), .list = {}}, asked);
  };
  EXPECT_EQ(read("MOVED 3999 10.0.0.7:6381")->endpoint, (Endpoint{"10.0.0.7", "6381"}));
  EXPECT_FALSE(read("MOVED 3999 10.0.0.7:6381")->asking);
  EXPECT_TRUE(read("ASK 3999 node-2.example.org:6381")->asking);
  EXPECT_EQ(read("MOVED 3999 ::1:6381")->endpoint, (Endpoint{"::1", "6381"}));
  EXPECT_EQ(read("MOVED 3999 :6381")->endpoint, (Endpoint{"asked", "6381"})) << "the same host as was asked";
  for (const char* other : {"MOVED", "MOVED 3999", "MOVED 1:2 host", "ERR MOVED 1 a:2", "ASKING 1 a:2", ""})
    EXPECT_FALSE(read(other)) << other;
  EXPECT_FALSE(redirect_of({.type = Reply::Type::text, .text = "MOVED 1 a:2", .list = {}}, asked));
}

TEST(Master, IsTheFirstOfTheListThatTakesWrites) {
  const auto master = RedisServer::start();
  if (!master) GTEST_SKIP() << "skipped: no redis-server";
  const auto replica = RedisServer::start({"--replicaof", "127.0.0.1", master->port()});
  EXPECT_EQ(found(master->url()), master->port());
  EXPECT_EQ(found("redis://127.0.0.1:1,127.0.0.1:" + replica->port() + ",127.0.0.1:" + master->port()), master->port());
  EXPECT_NE(found(replica->url()).find("READONLY"), std::string::npos);
  EXPECT_NE(found("redis://127.0.0.1:1").find("port 1"), std::string::npos);
}

TEST(Master, IsWhomTheSentinelsName) {
  const auto master = RedisServer::start({"--requirepass", "hush", "--masterauth", "hush"});
  if (!master) GTEST_SKIP() << "skipped: no redis-server";
  const auto replica =
      RedisServer::start({"--requirepass", "hush", "--masterauth", "hush", "--replicaof", "127.0.0.1", master->port()});
  const auto sentinel = RedisServer::start_sentinel(master->port());
  ASSERT_EQ(say(*sentinel, {"SENTINEL", "SET", "main", "auth-pass", "hush"}), "OK");
  const std::string url = "redis+sentinel://:hush@127.0.0.1:1,127.0.0.1:" + sentinel->port() + "/main";
  EXPECT_EQ(found(url), master->port());
  EXPECT_NE(found("redis+sentinel://:hush@127.0.0.1:" + sentinel->port() + "/other").find("no master"),
            std::string::npos);
  ASSERT_TRUE(eventually([&] { return say(*sentinel, {"SENTINEL", "replicas", "main"}).contains(replica->port()); }));
  ASSERT_TRUE(eventually([&] { return say(*sentinel, {"SENTINEL", "ckquorum", "main"}).starts_with("OK"); }));
  master->kill();
  EXPECT_TRUE(eventually([&] { return found(url) == replica->port(); })) << found(url);
}

Servers start_cluster() {
  Servers nodes;
  for (int i = 0; i < 3; ++i) {
    const std::string bus = std::to_string(support::free_port());
    auto node = RedisServer::start({"--cluster-enabled", "yes", "--cluster-port", bus});
    if (!node) return {};
    const std::string first = std::to_string(i * 5461), last = i == 2 ? "16383" : std::to_string(i * 5461 + 5460);
    EXPECT_EQ(say(*node, {"CLUSTER", "ADDSLOTSRANGE", first, last}), "OK");
    EXPECT_EQ(say(*node, {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}), "OK");
    if (i > 0) EXPECT_EQ(say(*nodes[0], {"CLUSTER", "MEET", "127.0.0.1", node->port(), bus}), "OK");
    nodes.push_back(std::move(node));
  }
  for (const auto& node : nodes)
    EXPECT_TRUE(eventually([&] { return say(*node, {"CLUSTER", "INFO"}).contains("cluster_state:ok"); }));
  return nodes;
}

const RedisServer& holder(const Servers& nodes, const std::string& port) {
  return **std::ranges::find(nodes, port, [](const auto& node) { return node->port(); });
}

TEST(Master, OfAClusterIsTheNodeThatHoldsTheKey) {
  const Servers nodes = start_cluster();
  if (nodes.empty()) GTEST_SKIP() << "skipped: no redis-server";
  const std::string at = found(nodes[0]->url());
  for (const auto& node : nodes) EXPECT_EQ(found(node->url()), at);
  const RedisServer &from = holder(nodes, at), &to = at == nodes[0]->port() ? *nodes[1] : *nodes[0];

  // The slot moves: first who is asked for a key that is no longer there says ASK, then everybody says MOVED.
  const std::string slot = say(from, {"CLUSTER", "KEYSLOT", key});
  const std::string from_id = say(from, {"CLUSTER", "MYID"}), to_id = say(to, {"CLUSTER", "MYID"});
  ASSERT_EQ(say(to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}), "OK");
  ASSERT_EQ(say(from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}), "OK");
  ASSERT_EQ(say(from, {"MIGRATE", "127.0.0.1", to.port(), key, "0", "1000"}), "OK");
  const auto importing = open(from.url());
  ASSERT_TRUE(importing) << importing.error().cause;
  EXPECT_EQ(say(**importing, {"HINCRBY", key, "number", "5"}), "5") << "each command is asked as of an importing node";
  EXPECT_EQ(say(**importing, {"HINCRBY", key, "number", "1"}), "6");
  for (const auto& node : nodes) ASSERT_EQ(say(*node, {"CLUSTER", "SETSLOT", slot, "NODE", to_id}), "OK");
  EXPECT_EQ(say(**importing, {"HINCRBY", key, "number", "1"}), "7") << "and goes on when the slot has arrived";
  for (const auto& node : nodes) EXPECT_EQ(found(node->url()), to.port());
}

}  // namespace
}  // namespace cache
