// Owns: the names of the Asio types that the server is made of: concrete executors, which cost less than erased ones.
// Does not own: anything that runs.
// Thread rule: types only.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace http {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;

class Socket : public asio::basic_stream_socket<asio::ip::tcp, Executor> {
 public:
  using asio::basic_stream_socket<asio::ip::tcp, Executor>::basic_stream_socket;
  // Starts an operation of our own as Asio starts its reads; for QuietRead.
  void start_read(asio::detail::reactor& reactor, asio::detail::reactor_op& operation) {
    auto& socket = impl_.get_implementation();
    reactor.start_op(asio::detail::reactor::read_op, socket.socket_, socket.reactor_data_, &operation, true, true);
  }
};

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T = void>
using Task = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> awaiting{};

}  // namespace http
