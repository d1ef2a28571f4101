#include "http/server/server.h"

#include <sys/resource.h>

#include <condition_variable>

#include "http/server/loop.h"

namespace http {
namespace {

using core::Result;
using Endpoint = asio::ip::tcp::endpoint;

constexpr auto certificate_look = std::chrono::seconds(2);
constexpr auto stop_look = std::chrono::milliseconds(10);
constexpr auto close_wait = std::chrono::seconds(1);
// A proxy may be sending on a connection that it keeps: whoever asks within that time is answered yet.
constexpr auto stop_linger = std::chrono::milliseconds(500);

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// SO_REUSEPORT would let a second server of the same user share the port without a word: ask without it first.
Result<> check_free(const Endpoint& endpoint) {
  if (endpoint.port() == 0) return {};
  asio::io_context context;
  Acceptor probe(context);
  boost::system::error_code error;
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(Acceptor::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (!error) probe.listen(1, error);
  if (!error) return {};
  return core::fail(core::Code::validation_failed, "http.listen: cannot listen on " + endpoint.address().to_string() +
                                                       " port " + std::to_string(endpoint.port()) + ": " +
                                                       error.message());
}

Transport transport_of(const Config& config) {
  return !config.tls_cert.empty() || config.public_url.starts_with("https://") ? Transport::secure : Transport::plain;
}

// The metrics may be shown after the server is gone.
void add_gauges(core::Metrics& metrics, const std::shared_ptr<Site>& site) {
  const auto gauge = [&](const char* name, const char* help, auto read) {
    metrics.gauge(name, help, [weak = std::weak_ptr(site), read] {
      const auto live = weak.lock();
      return live ? static_cast<double>(read(*live)) : 0.0;
    });
  };
  gauge("usher_http_connections", "Open connections.", [](const Site& s) { return s.connections.load(); });
  gauge("usher_http_in_flight", "Requests that are worked on.",
        [](const Site& s) { return s.workers.running() + s.owed; });
  gauge("usher_http_queue_depth", "Requests that wait for a worker.", [](const Site& s) { return s.workers.queued(); });
}

}  // namespace

struct Server::Parts {
  std::shared_ptr<Site> site;
  std::unique_ptr<Certificate> certificate;
  std::vector<std::unique_ptr<Loop>> loops;
  std::mutex mutex;
  std::condition_variable stopping_changed;
  bool stopping = false;
  std::thread certificate_watch;

  Result<> listen(Endpoint endpoint) {
    TRY(check_free(endpoint));
    const int64_t wanted = site->config.threads;
    const size_t threads = wanted ? static_cast<size_t>(wanted) : std::max(1u, std::thread::hardware_concurrency());
    for (size_t i = 0; i < threads; ++i) {
      loops.push_back(std::make_unique<Loop>(*site, certificate.get()));
      TRY(loops.back()->listen(endpoint));
      endpoint.port(loops.back()->port());
    }
    return {};
  }

  void watch_certificate() {
    std::unique_lock lock(mutex);
    while (!stopping_changed.wait_for(lock, certificate_look, [this] { return stopping; })) {
      lock.unlock();
      certificate->reload_if_changed();
      lock.lock();
    }
  }

  // True once no connection is left.
  bool wait_for_end(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (site->connections.load() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(stop_look);
    return site->connections.load() == 0;
  }
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, std::vector<Route> routes, Gate& gate,
                                              core::Metrics& metrics, const core::Clock& clock) {
  const Config& config = options.config;
  TRY(check(config));
  const Listen where = TRY(parse_listen(config.listen));
  raise_file_limit();
  auto parts = std::make_unique<Parts>();
  auto router = TRY(Router::create(std::move(routes), metrics));
  if (!config.tls_cert.empty()) parts->certificate = TRY(Certificate::create(config.tls_cert, config.tls_key));
  parts->site.reset(new Site{.config = config,
                             .router = std::move(router),
                             .gate = gate,
                             .limiter = options.limiter,
                             .clock = clock,
                             .cors = Cors(config.cors_origins),
                             .proxies = TrustedProxies(config.trusted_proxies),
                             .unmatched = RouteCounters(metrics, "none"),
                             .transport = transport_of(config),
                             .workers{static_cast<size_t>(config.workers), static_cast<size_t>(config.queue)}});
  TRY(parts->listen({asio::ip::make_address(where.address), where.port}));
  add_gauges(metrics, parts->site);
  for (auto& loop : parts->loops) loop->start();
  if (parts->certificate) parts->certificate_watch = std::thread([p = parts.get()] { p->watch_certificate(); });
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

uint16_t Server::port() const { return parts_->loops.front()->port(); }

void Server::stop() {
  {
    std::lock_guard lock(parts_->mutex);
    if (std::exchange(parts_->stopping, true)) return;
  }
  parts_->stopping_changed.notify_all();
  if (parts_->certificate_watch.joinable()) parts_->certificate_watch.join();
  const std::chrono::milliseconds limit = parts_->site->config.stop_timeout, first = std::min(stop_linger, limit);
  for (auto& loop : parts_->loops) loop->begin_stop();
  if (!parts_->wait_for_end(first))
    for (auto& loop : parts_->loops) loop->leave();
  if (!parts_->wait_for_end(limit - first)) {
    parts_->site->workers.abandon();
    for (auto& loop : parts_->loops) loop->close_all();
    parts_->wait_for_end(close_wait);
  }
  while (parts_->site->owed) std::this_thread::sleep_for(stop_look);  // they call the loops
  parts_->site->workers.finish();
  for (auto& loop : parts_->loops) loop->join();
}

Result<> Server::reload_certificate() { return parts_->certificate ? parts_->certificate->reload() : Result<>{}; }

}  // namespace http
