// The server over real sockets.
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/test_site.h"

namespace http::test {
namespace {

using namespace std::chrono_literals;

TEST(Server, AnswersOverASocket) {
  TestServer site;
  Client client(site.server->port());
  EXPECT_EQ(client.ask(get("/fast")).body, R"({"fast":true})");
  EXPECT_EQ(client.ask(get("/work")).body, "worked");
  EXPECT_EQ(client.ask(post("/echo", R"({"text":"x"})")).body, R"({"text":"x"})");
  client.send("HEAD /fast HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive(true).status, 200);
  EXPECT_EQ(client.ask(get("/who")).body.substr(0, 10), "127.0.0.1 ");
}

TEST(Server, ReadsByteByByte) {
  TestServer site;
  Client client(site.server->port());
  for (const char byte : post("/echo", R"({"text":"slow"})")) client.send({&byte, 1});
  EXPECT_EQ(client.receive().body, R"({"text":"slow"})");
}

TEST(Server, FiveHundredPipelinedRequestsKeepTheirOrder) {
  TestServer site;
  Client client(site.server->port());
  std::string bytes;
  for (int i = 0; i < 500; ++i) bytes += get(i % 3 == 0 ? "/fast" : "/things/" + std::to_string(i));
  std::thread sender([&] { client.send(bytes); });
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.receive().body, i % 3 == 0 ? R"({"fast":true})" : std::to_string(i));
  sender.join();
}

TEST(Server, FastAnswersGoOutBeforeASlowOneBehindThem) {
  TestServer site;
  Client client(site.server->port());
  client.send(get("/fast") + get("/held") + get("/fast"));
  EXPECT_EQ(client.receive().status, 200);
  site.hold.wait_for(1);
  site.hold.released = true;
  EXPECT_EQ(client.receive().body, "released");
  EXPECT_EQ(client.receive().body, R"({"fast":true})");
}

TEST(Server, ASlowRequestHoldsNobodyElse) {
  TestServer site;
  Client slow(site.server->port()), other(site.server->port());
  slow.send(get("/held"));
  site.hold.wait_for(1);
  EXPECT_EQ(other.ask(get("/fast")).status, 200);
  EXPECT_EQ(other.ask(get("/work")).status, 200);
  site.hold.released = true;
  EXPECT_EQ(slow.receive().body, "released");
}

TEST(Server, AFullQueueIsOverloaded) {
  auto config = test_config();
  config.workers = 1;
  config.queue = 1;
  TestServer site(config);
  Client first(site.server->port()), second(site.server->port()), third(site.server->port());
  first.send(get("/held"));
  site.hold.wait_for(1);
  second.send(get("/held"));
  for (int i = 0; i < 1000 && site.metrics.render().find("usher_http_queue_depth 1") == std::string::npos; ++i)
    usleep(1000);
  const auto refused = third.ask(get("/held"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_NE(refused.body.find("overloaded"), std::string::npos);
  EXPECT_EQ(third.ask(get("/fast")).status, 200);
  site.hold.released = true;
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_EQ(second.receive().status, 200);
}

TEST(Server, TooMuchThatWasBegunIsOverloaded) {
  auto config = test_config();
  config.queue = 1;
  TestServer site(config);
  Client first(site.server->port()), second(site.server->port());
  first.send(get("/later/held"));
  site.hold.wait_for(1);
  EXPECT_NE(site.metrics.render().find("usher_http_in_flight 1"), std::string::npos);
  const auto refused = second.ask(get("/later/now"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("overloaded"), std::string::npos);
  site.hold.released = true;
  EXPECT_EQ(first.receive().body, "by another thread");
  for (int i = 0; i < 5000 && site.metrics.render().find("usher_http_in_flight 0") == std::string::npos; ++i)
    usleep(1000);  // its place is free a moment after its answer
  EXPECT_EQ(second.ask(get("/later/now")).body, "by another thread");
}

TEST(Server, StopWaitsForWhatWasBegunHoweverLate) {
  auto config = test_config();
  config.stop_timeout = core::Seconds(1);
  TestServer site(config);
  Client client(site.server->port());
  client.send(get("/later/held"));
  site.hold.wait_for(1);
  std::atomic<bool> stopped{false};
  std::thread stopper([&] { site.server->stop(), stopped = true; });
  usleep(3'000'000);  // the connection is closed by force meanwhile
  EXPECT_FALSE(stopped);
  site.hold.released = true;
  stopper.join();
}

TEST(Server, SlowHeadsAndBodiesAndIdleConnectionsTimeOut) {
  auto config = test_config();
  config.header_timeout = config.body_timeout = config.idle_timeout = core::Seconds(1);
  TestServer site(config);
  Client idle(site.server->port()), head(site.server->port()), body(site.server->port()), active(site.server->port());
  head.send("GET /fast HTTP/1.1\r\nHo");
  body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12");
  const auto end = std::chrono::steady_clock::now() + 2500ms;
  // One more byte now and then is no progress.
  while (std::chrono::steady_clock::now() < end) {
    head.send("s");
    EXPECT_EQ(active.ask(get("/fast")).status, 200);
    usleep(200'000);
  }
  for (Client* late : {&head, &body}) {
    const auto reply = late->receive();
    EXPECT_EQ(reply.status, 408);
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(late->closes_within(5s));
  }
  EXPECT_TRUE(idle.closes_within(5s));
  EXPECT_EQ(active.ask(get("/fast")).status, 200);
}

TEST(Server, AReaderThatDoesNotReadIsDropped) {
  auto config = test_config();
  config.write_timeout = core::Seconds(1);
  TestServer site(config);
  Client client(site.server->port());
  std::string bytes;
  const auto body = R"({"text":")" + std::string(60'000, 'x') + "\"}";
  for (int i = 0; i < 20; ++i) bytes += post("/echo", body);
  std::thread sender([&] {
    for (int i = 0; i < 20; ++i) client.send(bytes);
  });
  for (int i = 0; i < 10'000 && site.metrics.render().find("usher_http_connections 1") == std::string::npos; ++i)
    usleep(1000);
  for (int i = 0; i < 10'000 && site.metrics.render().find("usher_http_connections 0") == std::string::npos; ++i)
    usleep(1000);
  EXPECT_NE(site.metrics.render().find("usher_http_connections 0"), std::string::npos);
  sender.join();
}

TEST(Server, StopAnswersWhatIsInFlight) {
  TestServer site;
  Client idle(site.server->port()), busy(site.server->port());
  EXPECT_EQ(idle.ask(get("/fast")).status, 200);
  busy.send(get("/held") + get("/fast"));
  site.hold.wait_for(1);
  const uint16_t port = site.server->port();
  std::thread stopper([&] { site.server->stop(); });
  EXPECT_TRUE(idle.closes_within(4s));
  site.hold.released = true;
  const auto last = busy.receive();
  EXPECT_EQ(last.body, "released");
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_EQ(busy.receive().status, 0);
  stopper.join();
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  EXPECT_NE(::connect(probe, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ::close(probe);
}

// A proxy sends on connections that it keeps, and cannot know yet that the server stops.
TEST(Server, WhoAsksOnAnIdleConnectionWhileItStopsIsAnswered) {
  TestServer site;
  Client kept(site.server->port());
  EXPECT_EQ(kept.ask(get("/fast")).status, 200);
  std::thread stopper([&] { site.server->stop(); });
  usleep(100'000);
  const auto last = kept.ask(get("/fast"));
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_TRUE(kept.closes_within(1s));
  stopper.join();
}

TEST(Server, StopGivesUpOnWhoStalls) {
  auto config = test_config();
  config.stop_timeout = core::Seconds(1);
  TestServer site(config);
  Client stalled(site.server->port());
  stalled.send("GET /fast HTT");
  usleep(50'000);
  const auto start = std::chrono::steady_clock::now();
  site.server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(Server, ATakenPortIsAnErrorWithASentence) {
  TestServer first;
  auto config = test_config();
  config.listen = "127.0.0.1:" + std::to_string(first.server->port());
  core::Metrics metrics;
  core::SystemClock clock;
  TestGate gate;
  Hold hold;
  const auto second = Server::start({config}, test_routes(hold), gate, metrics, clock);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find("cannot listen on 127.0.0.1"), std::string::npos);
}

TEST(Server, CountsByRouteAndStatus) {
  TestServer site;
  Client client(site.server->port());
  for (int i = 0; i < 3; ++i) client.ask(get("/fast"));
  client.ask(get("/work"));
  client.ask(get("/fails"));
  client.ask(get("/nothing"));
  const auto text = site.metrics.render();
  for (const auto line : {R"(usher_http_requests_total{route="fast",status="2xx"} 3)",
                          R"(usher_http_requests_total{route="work",status="2xx"} 1)",
                          R"(usher_http_requests_total{route="fails",status="5xx"} 1)",
                          R"(usher_http_requests_total{route="none",status="4xx"} 1)",
                          R"(usher_http_work_seconds_count{route="work"} 1)", "usher_http_connections 1"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(Server, TooManyConnectionsAreClosedAtOnce) {
  auto config = test_config();
  config.max_connections = 2;
  TestServer site(config);
  Client one(site.server->port()), two(site.server->port());
  EXPECT_EQ(one.ask(get("/fast")).status, 200);
  EXPECT_EQ(two.ask(get("/fast")).status, 200);
  Client three(site.server->port());
  EXPECT_EQ(three.receive().status, 503);
  EXPECT_TRUE(three.closes_within(2s));
  EXPECT_EQ(one.ask(get("/fast")).status, 200);
}

TEST(Server, OutlivesAShortageOfFiles) {
  TestServer site;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  std::vector<int> taken;
  rlimit few = limit;
  few.rlim_cur = 200;
  setrlimit(RLIMIT_NOFILE, &few);
  const int mine = ::socket(AF_INET, SOCK_STREAM, 0);
  for (int file; (file = ::dup(0)) >= 0;) taken.push_back(file);
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(site.server->port()), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  EXPECT_EQ(::connect(mine, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  usleep(300'000);
  for (const int file : taken) ::close(file);
  setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(Client(site.server->port()).ask(get("/fast")).status, 200);
  ::close(mine);
}

TEST(Server, SurvivesClientsThatVanish) {
  TestServer site;
  for (int i = 0; i < 50; ++i) {
    Client client(site.server->port());
    client.send(get("/work") + get("/things/" + std::to_string(i)) + "GET /fa");
  }
  EXPECT_EQ(Client(site.server->port()).ask(get("/fast")).status, 200);
}

// The end of the stream comes with the request: no further event announces it.
TEST(Server, NoticesAClientThatClosedItsHalfWithTheRequest) {
  TestServer site;
  Client client(site.server->port());
  EXPECT_EQ(client.ask(get("/fast")).status, 200);
  client.send(get("/fast"));
  ::shutdown(client.native(), SHUT_WR);
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.closes_within(3s));
}

TEST(Server, AnIdleConnectionIsStillServedAfterALook) {
  TestServer site;
  Client client(site.server->port());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.ask(get("/fast")).status, 200);
    usleep(1'300'000);
    EXPECT_EQ(client.ask(get("/work")).status, 200);
  }
}

TEST(Server, ManyThreadsAndClients) {
  auto config = test_config();
  config.threads = 3;
  config.workers = 4;
  TestServer site(config);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int c = 0; c < 5; ++c) {
        Client client(site.server->port());
        for (int i = 0; i < 20; ++i) good += client.ask(get((i + t) % 2 ? "/fast" : "/things/x")).status == 200;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 8 * 5 * 20);
}

}  // namespace
}  // namespace http::test
