#include "app/health_routes.h"

#include "app/app.h"

namespace app {
namespace {

using core::Result, http::Context, http::Guard, http::Method, http::NoBody, http::Response;

const std::pair<std::string, std::string> retry{"Retry-After", "1"};

struct Dependency {
  std::string status;
  std::optional<int64_t> answer_ms;
  std::optional<int64_t> age_ms = std::nullopt;
  std::optional<std::string> note = std::nullopt;
  static constexpr std::string_view name = "Dependency";
  static constexpr auto fields() {
    return std::tuple{core::field("status", &Dependency::status, "ok, or what is wrong."),
                      core::field("answerMs", &Dependency::answer_ms, "How long it took to answer."),
                      core::field("ageMs", &Dependency::age_ms, "How long ago it was last heard of."),
                      core::field("note", &Dependency::note, "What to know of it although it works.")};
  }
};

struct Ready {
  std::string status;
  std::map<std::string, Dependency> dependencies;
  static constexpr std::string_view name = "Ready";
  static constexpr auto fields() {
    return std::tuple{core::field("status", &Ready::status, "ok, unavailable, or draining: it is about to stop."),
                      core::field("dependencies", &Ready::dependencies, "Each by name.")};
  }
};

Dependency ask_store(App& app) {
  const core::Millis before = app.clock.boot();
  const auto now = app.database->ping();
  if (!now) return {"cannot be asked", {}};
  if (std::chrono::abs(*now - app.clock.now()) > core::ClockGuard::tolerance)
    return {"its clock and this node's differ", {}};
  return {"ok", (app.clock.boot() - before).count()};
}

// Without it everything works, only signing out takes longer.
Dependency ask_redis(App& app) {
  const core::Millis age = app.feed.stream_age(app.clock.boot());
  if (age >= changes::Feed::stream_trust) return {"not followed: changes travel by the database", {}};
  const std::string policy = app.stream->eviction_policy();
  if (policy.empty()) return {"ok", {}, age.count()};
  return {"ok",
          {},
          age.count(),
          "its maxmemory-policy " + policy + " may evict changes, which are then read from the database"};
}

Result<Response> ready(App& app) {
  Ready answer;
  answer.dependencies["store"] = ask_store(app);
  answer.dependencies["changes"] = {
      app.feed.fresh(app.clock.boot()) ? "ok" : "not read lately", {}, app.feed.age(app.clock.boot()).count()};
  if (app.stream) answer.dependencies["redis"] = ask_redis(app);
  answer.dependencies["clock"] = {app.guard.jumped() ? "was set while running: expiry is suspended" : "ok", {}};
  const bool works = answer.dependencies["store"].status == "ok" && answer.dependencies["changes"].status == "ok";
  const bool ok = works && !app.draining;
  answer.status = ok ? "ok" : works ? "draining" : "unavailable";
  Response response{.status = ok ? 200 : 503, .body = core::encode(answer)};
  if (!ok) response.headers.push_back(retry);
  return response;
}

// Two words and their status, from what this process knows itself.
struct State {
  int status;
  std::string_view word;
};

State live(const App&) { return {200, "ok"}; }

// A database that is away may be away for the other nodes too: as long as there is anything that this one can answer
// from memory, it shall be asked. After that it may be the one that is cut off.
State serving(const App& app) {
  if (app.draining) return {503, "draining"};
  if (app.guard.doubtful()) return {503, "clock_skew"};
  if (app.feed.age(app.clock.boot()) >= changes::Feed::longest_alone) return {503, "unavailable"};
  return {200, "ok"};
}

// Answered by the I/O thread: it must not wait behind requests that wait for a database.
http::Route fast_route(std::string_view path, std::string_view id, std::string_view summary, State (*state)(const App&),
                       const App& app) {
  const auto body = [](State found) { return R"({"status":")" + std::string(found.word) + R"("})"; };
  auto route = http::route<NoBody, Response>({.method = Method::get,
                                              .path = path,
                                              .id = id,
                                              .summary = summary,
                                              .guard = Guard::open(),
                                              .lane = http::Lane::fast},
                                             [=, &app](Context&) -> Result<Response> {
                                               const State found = state(app);
                                               Response response{.status = found.status, .body = body(found)};
                                               if (found.status == 503) response.headers.push_back(retry);
                                               return response;
                                             });
  route.fast = [=, &app](const http::Request&, http::FastAnswer& answer) {
    const State found = state(app);
    answer.status = found.status;
    answer.body = body(found);
    if (found.status == 503) answer.headers += retry.first + ": " + retry.second + "\r\n";
    return true;
  };
  return route;
}

http::Route ready_route(App& app) {
  auto route = http::route<NoBody, Response>({.method = Method::get,
                                              .path = "/health/ready",
                                              .id = "ready",
                                              .summary = "Whether requests can be served, and each dependency.",
                                              .guard = Guard::open(),
                                              .budget = http::Budget::none},
                                             [&app](Context&) { return ready(app); });
  route.response_schema = [](core::Schemas& schemas) { return core::JsonType<Ready>::schema(schemas, {}); };
  return route;
}

}  // namespace

std::vector<http::Route> health_routes(App& app) {
  return {fast_route("/health/live", "live", "Whether the process answers.", live, app),
          fast_route("/health/serving", "serving", "Whether requests should be sent here, for load balancers.", serving,
                     app),
          ready_route(app)};
}

}  // namespace app
