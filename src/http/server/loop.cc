#include "http/server/loop.h"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "core/log.h"
#include "http/problem.h"

namespace http {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr auto accept_pause = std::chrono::milliseconds(100);

Address to_address(const tcp::endpoint& peer) {
  Address out;
  const auto address = peer.address();
  out.bytes =
      (address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6()).to_bytes();
  return out;
}

// An exception that leaves a coroutine costs its connection, never the process.
void log_exception(std::exception_ptr exception) {
  if (!exception) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    core::log(core::Level::error, "connection failed", {{"cause", e.what()}});
  } catch (...) {
    core::log(core::Level::error, "connection failed");
  }
}

}  // namespace

Loop::Loop(Site& site, const Certificate* certificate)
    : site_(site),
      certificate_(certificate),
      desk_{.site = site, .common = CommonHeaders(site.transport)},
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      guard_(context_.get_executor()),
      acceptor_(context_),
      timer_(context_),
      accept_pause_(context_) {
  desk_.common.refresh(site.clock.now());
}

Loop::~Loop() { join(); }

core::Result<> Loop::listen(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.set_option(ReusePort(true), error);
  // Accepted sockets inherit it.
  if (!error) acceptor_.set_option(tcp::no_delay(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(4096, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (!error) return {};
  return core::fail(core::Code::validation_failed, "http.listen: cannot listen on " + endpoint.address().to_string() +
                                                       " port " + std::to_string(endpoint.port()) + ": " +
                                                       error.message());
}

void Loop::start() {
  asio::co_spawn(context_, accept(), log_exception);
  asio::co_spawn(context_, tick(), log_exception);
  thread_ = std::thread([this] { context_.run(); });
}

void Loop::join() {
  if (!thread_.joinable()) return;
  guard_.reset();
  context_.stop();
  thread_.join();
}

bool Loop::is_full() const {
  return site_.connections.load(std::memory_order_relaxed) >= static_cast<size_t>(site_.config.max_connections);
}

Task<> Loop::accept() {
  while (!desk_.stopping) {
    Socket socket(context_);
    tcp::endpoint peer;
    error_code error;
    co_await acceptor_.async_accept(socket, peer, asio::redirect_error(awaiting, error));
    if (!error) {
      asio::co_spawn(context_, accepted(std::move(socket), peer), log_exception);
      accept_failed_ = false;
      continue;
    }
    if (error == asio::error::connection_aborted || desk_.stopping) continue;
    // Mostly a shortage of file descriptors: trying again at once would only burn the processor.
    if (!std::exchange(accept_failed_, true))
      core::log(core::Level::error, "cannot accept connections", {{"cause", error.message()}});
    accept_pause_.expires_after(accept_pause);
    co_await accept_pause_.async_wait(asio::redirect_error(awaiting, error));
  }
}

Task<> Loop::accepted(Socket socket, tcp::endpoint peer) {
  error_code ignored;
  if (is_full() || desk_.leaving) {
    // No coroutine waits for a client that is not served.
    static const std::string busy =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    socket.non_blocking(true, ignored);
    if (!certificate_) socket.write_some(asio::buffer(busy), ignored);
    co_return;
  }
  Connection connection(desk_, to_address(peer));
  connection.socket = &socket;
  connection.enter(Phase::idle);
  connections_.push_back(connection);
  if (!certificate_) {
    co_await serve_plain(connection, socket);
    co_return;
  }
  const auto context = certificate_->current();
  co_await serve_secure(connection, socket, *context);
}

// Once a second: the date, and whoever took too long.
Task<> Loop::tick() {
  for (;;) {
    error_code error;
    timer_.expires_after(std::chrono::seconds(1));
    co_await timer_.async_wait(asio::redirect_error(awaiting, error));
    ++desk_.tick;
    desk_.common.refresh(site_.clock.now());
    interrupt_late();
  }
}

void Loop::interrupt_late() {
  for (auto& connection : connections_) {
    const bool late = connection.is_late() || (desk_.leaving && connection.is_idle());
    if (!late && !connection.waits_for_edge) continue;
    (late ? connection.interrupted : connection.look_again) = true;
    error_code ignored;
    connection.socket->cancel(ignored);
  }
}

void Loop::begin_stop() {
  asio::post(context_, [this] {
    desk_.stopping = true;
    accept_the_last();
    error_code ignored;
    acceptor_.close(ignored);
  });
}

// Those whom the kernel has let in already would be reset.
void Loop::accept_the_last() {
  error_code error;
  for (acceptor_.non_blocking(true, error); !error;) {
    Socket socket(context_);
    tcp::endpoint peer;
    acceptor_.accept(socket, peer, error);
    if (!error) asio::co_spawn(context_, accepted(std::move(socket), peer), log_exception);
  }
}

void Loop::leave() {
  asio::post(context_, [this] {
    desk_.leaving = true;
    interrupt_late();
  });
}

void Loop::close_all() {
  asio::post(context_, [this] {
    for (auto& connection : connections_) {
      error_code ignored;
      connection.socket->close(ignored);
    }
  });
}

}  // namespace http
