#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "http/problem.h"
#include "http/test_site.h"
#include "http/text.h"

namespace http::test {

std::string Reply::header(std::string_view name) const {
  std::optional<std::string_view> rest = head;
  while (const auto line = next_part(rest, '\n')) {
    const size_t colon = line->find(':');
    if (colon == std::string_view::npos || !equal_without_case(line->substr(0, colon), name)) continue;
    auto value = trim(line->substr(colon + 1));
    if (value.ends_with('\r')) value.remove_suffix(1);
    return std::string(value);
  }
  return "";
}

std::optional<Reply> take_reply(std::string& bytes, bool after_head) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  Reply reply{.status = std::atoi(bytes.c_str() + 9), .head = bytes.substr(0, end + 2), .body = {}};
  const auto length = reply.header("Content-Length");
  const size_t size = length.empty() || after_head ? 0 : std::stoul(length);
  if (bytes.size() < end + 4 + size) return std::nullopt;
  reply.body = bytes.substr(end + 4, size);
  bytes.erase(0, end + 4 + size);
  return reply;
}

core::Result<Caller> TestGate::admit(const Request& request, const Guard& guard) {
  if (request.header("Authorization").empty()) return core::fail(core::Code::token_missing);
  if (request.header("Authorization") != "Bearer good") return core::fail(core::Code::token_invalid);
  if (guard.permission() == "never")
    return std::unexpected(
        core::Error{.code = core::Code::permission_denied, .reason = std::string(guard.permission())});
  return Caller{};
}

void Hold::keep() {
  ++entered;
  while (!released) usleep(1000);
}

void Hold::wait_for(int count) const {
  for (int i = 0; i < 5000 && entered < count; ++i) usleep(1000);
  EXPECT_GE(entered, count);
}

namespace {

struct Text {
  std::string text;
  static constexpr std::string_view name = "Text";
  static constexpr auto fields() {
    return std::tuple{core::field("text", &Text::text, "Anything.", core::length(0, 60'000))};
  }
};

Operation open_get(std::string_view path, std::string_view id) {
  return {.method = Method::get, .path = path, .id = id, .summary = "A test.", .guard = Guard::open()};
}

core::Result<Response> say(std::string text) { return Response{.body = std::move(text), .content_type = "text/plain"}; }

// "held", "declines", "throws" and "drops" say what becomes of the answer.
Route later_route(Hold& hold) {
  auto made = route<NoBody, Response>(open_get("/later/{how}", "later"), [](Context&) { return say("by a worker"); });
  made.later = [&hold](Context& context, Owed owed) {
    context.headers.emplace_back("X-Begun", "1");
    const std::string how(context.path_value("how"));
    if (how == "throws") throw std::runtime_error("the secret cause");
    std::thread([&hold, how, owed = std::move(owed)]() mutable {
      if (how == "held") hold.keep();
      if (how == "declines") owed.decline();
      else if (how != "drops") owed.give(say("by another thread"));
    }).detach();
  };
  return made;
}

Route fast_route(Operation operation, FastHandler fast) {
  operation.lane = Lane::fast;
  auto made = route<NoBody, Response>(operation, [](Context&) { return say("by a worker"); });
  made.fast = std::move(fast);
  return made;
}

}  // namespace

std::vector<Route> test_routes(Hold& hold) {
  std::vector<Route> routes;
  routes.push_back(fast_route(open_get("/fast", "fast"), [](const Request&, FastAnswer& answer) {
    answer.body = R"({"fast":true})";
    return true;
  }));
  routes.push_back(
      fast_route(open_get("/fast/declines", "fastDeclines"), [](const Request&, FastAnswer&) { return false; }));
  routes.push_back(fast_route(open_get("/fast/throws", "fastThrows"),
                              [](const Request&, FastAnswer&) -> bool { throw std::runtime_error("oh"); }));
  routes.push_back(fast_route(open_get("/fast/cached", "fastCached"), [](const Request&, FastAnswer& answer) {
    answer.headers += "Cache-Control: public, max-age=60\r\n";
    answer.body = "{}";
    return true;
  }));
  auto check = open_get("/check", "check");
  check.any_method_when_forwarded = true;
  check.status = 204;
  routes.push_back(fast_route(check, [](const Request& request, FastAnswer& answer) {
    answer.headers.append("X-Method: ").append(to_text(request.method)).append("\r\n");
    return true;
  }));
  routes.push_back(route<NoBody, Response>(open_get("/work", "work"), [](Context&) { return say("worked"); }));
  routes.push_back(route<NoBody, Response>(open_get("/held", "held"), [&hold](Context&) {
    hold.keep();
    return say("released");
  }));
  routes.push_back(later_route(hold));
  routes.push_back(route<NoBody, Response>(open_get("/who", "who"), [](Context& context) {
    return say(std::string(context.request.client) + ' ' + std::string(context.request.id));
  }));
  routes.push_back(route<NoBody, Response>(open_get("/things/{name}", "thing"), [](Context& context) {
    return say(std::string(context.path_value("name")));
  }));
  routes.push_back(route<NoBody, Response>(open_get("/things/{name}/parts/{part}", "part"), [](Context& context) {
    return say(std::string(context.path_value("name")) + '|' + std::string(context.path_value("part")));
  }));
  routes.push_back(
      route<NoBody, Response>(open_get("/things/all/parts/{part}", "allParts"), [](Context&) { return say("all"); }));
  routes.push_back(route<NoBody, Response>(open_get("/query", "query"), [](Context& context) {
    std::string all;
    for (const auto& value : context.query_values("q")) all += value + ';';
    return say(all);
  }));
  routes.push_back(route<NoBody, Response>(open_get("/throws", "throws"), [](Context&) -> core::Result<Response> {
    throw std::runtime_error("the secret cause");
  }));
  routes.push_back(route<NoBody, Response>(open_get("/fails", "fails"), [](Context&) -> core::Result<Response> {
    return core::fail_because(core::Code::store_unavailable, "the secret cause");
  }));
  routes.push_back(route<NoBody, Response>(open_get("/splits", "splits"), [](Context& context) {
    context.headers.emplace_back("X-Good", "1");
    context.headers.emplace_back("X-Bad", "1\r\nX-Injected: 1");
    return say("");
  }));
  routes.push_back(route<Text, Text>(
      {.method = Method::post, .path = "/echo", .id = "echo", .summary = "Says it again.", .guard = Guard::open()},
      [](Context&, Text text) -> core::Result<Text> { return text; }));
  routes.push_back(route<NoBody, NoBody>({.method = Method::delete_,
                                          .path = "/private",
                                          .id = "deletePrivate",
                                          .summary = "A test.",
                                          .guard = Guard::session(),
                                          .status = 204},
                                         [](Context&) -> core::Result<NoBody> { return NoBody{}; }));
  routes.push_back(route<Text, Text>({.method = Method::post,
                                      .path = "/forbidden",
                                      .id = "forbidden",
                                      .summary = "A test.",
                                      .guard = Guard::permission("never")},
                                     [](Context&, Text text) -> core::Result<Text> { return text; }));
  return routes;
}

Config test_config() {
  Config config;
  config.listen = "127.0.0.1:0";
  config.threads = 1;
  config.workers = 2;
  config.stop_timeout = core::Seconds(5);
  return config;
}

TestServer::TestServer(Config config) {
  if (config.listen == Config{}.listen) config = test_config();
  auto started = Server::start({config}, test_routes(hold), gate, metrics, clock);
  EXPECT_TRUE(started) << (started ? "" : started.error().detail);
  if (started) server = std::move(*started);
}
TestServer::~TestServer() { hold.released = true; }

Client::Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0) << std::strerror(errno);
}
Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool Client::fill(int milliseconds) {
  pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
  char bytes[16'384];
  if (::poll(&wait, 1, milliseconds) <= 0) return false;
  const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(got));
  return true;
}

Reply Client::receive(bool after_head) {
  for (;;) {
    if (auto reply = take_reply(buffer_, after_head)) return *reply;
    if (!fill(5000)) return {};
  }
}

bool Client::closes_within(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (fill(static_cast<int>(limit.count()))) {
  }
  pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
  char byte;
  return std::chrono::steady_clock::now() < end && ::poll(&wait, 1, 0) == 1 &&
         ::recv(socket_, &byte, 1, MSG_DONTWAIT) <= 0;
}

Bench::Bench(Config config) {
  config.workers = 1;
  hold_.released = true;
  auto router = Router::create(test_routes(hold_), metrics_);
  EXPECT_TRUE(router) << (router ? "" : router.error().detail);
  site_.reset(new Site{.config = config,
                       .router = std::move(*router),
                       .gate = gate_,
                       .limiter = nullptr,
                       .clock = clock_,
                       .cors = Cors(config.cors_origins),
                       .proxies = TrustedProxies(config.trusted_proxies),
                       .unmatched = RouteCounters(metrics_, "none"),
                       .transport = Transport::plain,
                       .workers{1, 1}});
  desk_.reset(new Desk{.site = *site_, .common = CommonHeaders(Transport::plain)});
  connection_ = std::make_unique<Connection>(*desk_, *Address::parse("192.0.2.1"));
}
Bench::~Bench() {
  while (site_->owed) std::this_thread::yield();  // as Server::stop()
}

void Bench::turn() {
  for (;;) {
    const Want want = connection_->advance();
    raw += connection_->out();
    connection_->written();
    if (want == Want::close) ended_ = true;
    if (want == Want::close || want == Want::read) return;
    if (want != Want::work) continue;
    const auto answered = std::make_shared<std::promise<void>>();
    connection_->work([answered] { answered->set_value(); });
    answered->get_future().wait();
    connection_->finish_job();
  }
}

std::vector<Reply> Bench::feed(std::string_view bytes, size_t piece) {
  while (!bytes.empty() && !ended_) {
    const auto space = connection_->space();
    const size_t count = std::min({piece, bytes.size(), space.size()});
    std::memcpy(space.data(), bytes.data(), count);
    connection_->received(count);
    bytes.remove_prefix(count);
    turn();
  }
  std::vector<Reply> replies;
  while (auto reply = take_reply(raw)) replies.push_back(std::move(*reply));
  return replies;
}

std::optional<std::filesystem::path> vectors(std::string_view folder) {
  const char* set = std::getenv("USHER_VECTORS");
  const auto path = std::filesystem::path(set ? set : USHER_SOURCE_DIR "/../shared/vectors") / folder;
  return std::filesystem::exists(path) ? std::optional(path) : std::nullopt;
}

TEST(TestSite, RefusesARouteThatIsDeclaredTwice) {
  Hold hold;
  core::Metrics metrics;
  auto routes = test_routes(hold);
  routes.push_back(routes.front());
  EXPECT_FALSE(Router::create(routes, metrics));
}

}  // namespace http::test
