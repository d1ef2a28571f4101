// Owns: the declaration of a route: said once, from which dispatch, guards, validation and openapi.json follow.
// Does not own: what a route does (features' x_routes.cc), or who may pass (Gate, implemented by login/).
// Thread rule: routes are values, built before the server starts and read only afterwards.
//
//   route<LoginRequest, Tokens>({.method = Method::post, .path = "/auth/login", .id = "login", .summary = "Sign in.",
//                                .guard = Guard::open(), .errors = {Code::invalid_credentials}},
//                               [&](Context& context, LoginRequest request) { return service.login(…); });
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "core/fields.h"
#include "http/limiter.h"
#include "http/message.h"

namespace http {

// Where a route's handler runs. `fast` tries its FastHandler on the I/O thread first.
enum class Lane { fast, work };

// Who may call. There is no default: a route without a guard does not compile.
class Guard {
 public:
  static constexpr Guard open() { return {Kind::open, ""}; }
  static constexpr Guard session() { return {Kind::session, ""}; }
  static constexpr Guard permission(std::string_view name) { return {Kind::permission, name}; }
  // The same, for who proved lately who he is: else step_up_required.
  constexpr Guard recently() const {
    Guard out = *this;
    out.recent_ = true;
    return out;
  }
  // The same, also for who impersonates the user, to whom else only what reads is open: else impersonation_denied.
  constexpr Guard impersonated() const {
    Guard out = *this;
    out.impersonated_ = true;
    return out;
  }
  bool is_open() const { return kind_ == Kind::open; }
  bool is_recent() const { return recent_; }
  bool lets_impersonators(Method method) const {
    return impersonated_ || ((method == Method::get || method == Method::head) && !recent_);
  }
  // Empty when a live session is enough.
  std::string_view permission() const { return permission_; }

 private:
  enum class Kind { open, session, permission };
  constexpr Guard(Kind kind, std::string_view permission) : kind_(kind), permission_(permission) {}
  Kind kind_;
  std::string_view permission_;
  bool recent_ = false, impersonated_ = false;
};

struct QueryField {
  std::string_view name, doc;
};

struct Operation {
  Method method;
  std::string_view path;  // "/roles/{name}"
  std::string_view id;    // OpenAPI's operationId
  std::string_view summary;
  Guard guard;
  int status = 200;  // of success
  Lane lane = Lane::work;
  Budget budget = Budget::calls;
  bool any_method_when_forwarded = false;  // for proxies that ask on behalf of a request (X-Forwarded-Method)
  std::vector<QueryField> query = {};
  std::vector<core::Code> errors = {};  // besides those that the guard and the body imply
};

// What may be answered from memory costs too little to be counted.
inline bool is_counted(const Operation& operation) {
  return operation.lane == Lane::work && operation.budget != Budget::none;
}

// What a handler sees of its request.
struct Context {
  const Request& request;
  std::optional<Caller> caller;  // set unless the guard is open
  std::vector<std::pair<std::string_view, std::string>> path_values = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // added to the answer

  // The decoded value of "{name}" in the path.
  std::string_view path_value(std::string_view name) const;
  // A malformed id names nothing: not_found.
  template <class Id>
  core::Result<Id> path_id(std::string_view name) const {
    if (auto id = Id::parse(path_value(name))) return *id;
    return core::fail(core::Code::not_found);
  }
  // The decoded values of a query field, in order. A malformed %-escape stands for itself.
  std::vector<std::string> query_values(std::string_view name) const;
  // Its first value; absent when it is not there.
  std::optional<std::string> query_value(std::string_view name) const;
};

using Handler = std::function<core::Result<Response>(Context&)>;
// Answers from memory on the I/O thread without blocking, or returns false: then the work lane runs the handler.
using FastHandler = std::function<bool(const Request&, FastAnswer&)>;

// The answer that a request is owed, by whoever holds this: once, from any thread. One that is dropped is `internal`.
class Owed {
 public:
  // Without an answer the work lane runs the handler.
  using Take = std::move_only_function<void(std::optional<core::Result<Response>>)>;
  explicit Owed(Take take) : take_(std::move(take)) {}
  Owed(Owed&& other) noexcept : take_(std::exchange(other.take_, nullptr)) {}
  Owed& operator=(Owed&&) = delete;
  ~Owed() {
    if (take_) give(core::fail_because(core::Code::internal, "no answer was given"));
  }
  void give(core::Result<Response> answer) { std::exchange(take_, nullptr)(std::move(answer)); }
  void decline() { std::exchange(take_, nullptr)(std::nullopt); }

 private:
  Take take_;
};
// Begins on the I/O thread, without blocking, what other threads finish. The context stays until the answer is given.
using LaterHandler = std::function<void(Context&, Owed)>;
using Schema = std::function<std::string(core::Schemas&)>;

struct Route {
  Operation operation;
  Handler handle;
  FastHandler fast = nullptr;
  LaterHandler later = nullptr;  // for an open guard: any other may have to ask the store
  bool takes_body = false;
  Schema request_schema = nullptr, response_schema = nullptr;  // empty: no body
};

struct NoBody {};

// Req is a Described struct, or NoBody (a body that is sent is ignored). Res is a Described struct, a std::variant of
// such, NoBody (204 and 202 answers), or Response for anything that is not JSON. `handler(Context&)` or
// `handler(Context&, Req)` returns Result<Res>.
template <class Req, class Res, class F>
Route route(Operation operation, F handler) {
  Route out{.operation = operation, .handle = nullptr, .takes_body = !std::is_same_v<Req, NoBody>};
  out.handle = [handler, status = operation.status](Context& context) -> core::Result<Response> {
    auto result = [&] -> core::Result<Res> {
      if constexpr (std::is_same_v<Req, NoBody>) return handler(context);
      else return handler(context, TRY(core::decode<Req>(context.request.body)));
    }();
    if (!result) return std::unexpected(std::move(result).error());
    static_cast<void>(status);  // a Response brings its own
    if constexpr (std::is_same_v<Res, Response>) return std::move(*result);
    else if constexpr (std::is_same_v<Res, NoBody>) return Response{.status = status, .content_type = ""};
    else return Response{.status = status, .body = core::encode(*result)};
  };
  if constexpr (core::Described<Req>)
    out.request_schema = [](core::Schemas& schemas) { return core::JsonType<Req>::schema(schemas, {}); };
  if constexpr (!std::is_same_v<Res, NoBody> && !std::is_same_v<Res, Response>)
    out.response_schema = [](core::Schemas& schemas) { return core::JsonType<Res>::schema(schemas, {}); };
  return out;
}

// Decides who passes a guard. Implemented by login/, used by the server on the work lane.
class Gate {
 public:
  virtual ~Gate() = default;
  // Errors: every 401 code, permission_denied (reason = the permission), step_up_required (reason = the methods, with
  // spaces between), impersonation_denied, store_unavailable.
  virtual core::Result<Caller> admit(const Request& request, const Guard& guard) = 0;
};

}  // namespace http
