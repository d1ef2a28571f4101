// Owns: the loop that serve_plain() and serve_secure() share; slow to compile, so only their two files include it.
// Does not own: the connection's bytes (connection.h).
// Thread rule: as serve.h.
#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "http/server/quiet_read.h"
#include "http/server/serve.h"

namespace http {

using boost::system::error_code;

// Resumes on this loop once there is an answer.
inline Task<> wait_for_answer(Connection& connection) {
  const auto start = [&](auto handler) {
    connection.work([resume = std::move(handler)]() mutable {
      const auto executor = asio::get_associated_executor(resume);
      asio::post(executor, std::move(resume));
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(start, awaiting);
}

// Writes out(). Most answers fit into the socket's buffer, and then nothing is waited for.
template <class Stream>
Task<bool> write_out(Connection& connection, Stream& stream, size_t done) {
  error_code error;
  connection.enter(Phase::write);
  const auto rest = asio::buffer(connection.out().substr(done));
  co_await asio::async_write(stream, rest, asio::redirect_error(awaiting, error));
  connection.written();
  co_return !error;
}

enum class Wrote { all, part };

// A failure counts as a part: writing the rest will meet it again.
inline Wrote write_now(Connection& connection, Socket& socket, size_t& done) {
  error_code error;
  done = socket.write_some(asio::buffer(connection.out()), error);
  return !error && done == connection.out().size() ? Wrote::all : Wrote::part;
}
template <class Stream>
Wrote write_now(Connection&, Stream&, size_t& done) {
  return done = 0, Wrote::part;
}

// Reads into the connection's space, in the cheapest way that its stream has.
template <class Stream>
class Reader {
 public:
  explicit Reader(Stream& stream) : stream_(stream) {}
  // `drained`: the last read took all there was, and nothing has been waited for since.
  Task<size_t> read(std::span<char> space, bool /*drained*/, error_code& error) {
    return stream_.async_read_some(asio::buffer(space.data(), space.size()), asio::redirect_error(awaiting, error));
  }
  bool waits_for_edge(bool) const { return false; }
  error_code result(bool, error_code error) const { return error; }

 private:
  Stream& stream_;
};
template <>
class Reader<Socket> {
 public:
  explicit Reader(Socket& socket) : socket_(socket), quiet_(socket) {}
  Task<size_t> read(std::span<char> space, bool drained, error_code& error) {
    if (drained) return quiet_.read_more(space);
    return socket_.async_read_some(asio::buffer(space.data(), space.size()), asio::redirect_error(awaiting, error));
  }
  bool waits_for_edge(bool drained) const { return drained; }
  error_code result(bool drained, error_code error) const { return drained ? quiet_.error() : error; }

 private:
  Socket& socket_;
  QuietRead quiet_;
};

// Lets the client read the last answer: closing at once while it still sends would discard it (RFC 9112 section 9.6).
// A connection that nothing was asked on has nothing to read.
inline Task<> linger(Connection& connection, Socket& socket) {
  error_code error;
  if (connection.interrupted && connection.is_idle()) co_return;
  connection.enter(Phase::closing);
  socket.shutdown(Socket::shutdown_send, error);
  char ignored[2048];
  for (size_t left = 1 << 20; !error && left > sizeof ignored;)
    left -= co_await socket.async_read_some(asio::buffer(ignored), asio::redirect_error(awaiting, error));
}

// Writes what there is to write and waits for the job's answer if there is one. False when the connection is broken.
template <class Stream>
Task<bool> settle(Connection& connection, Stream& stream, Want want, size_t done) {
  if (!connection.out().empty() && !co_await write_out(connection, stream, done)) co_return false;
  if (want != Want::work) co_return true;
  connection.enter(Phase::work);
  co_await wait_for_answer(connection);
  connection.finish_job();
  co_return true;
}

template <class Stream>
Task<> serve(Connection& connection, Stream& stream) {
  Reader<Stream> reader(stream);
  bool drained = false;
  for (;;) {
    const Want want = connection.advance();
    size_t done = 0;
    if (!connection.out().empty() && write_now(connection, stream, done) == Wrote::all) connection.written();
    if (!connection.out().empty() || want == Want::work) {
      if (!co_await settle(connection, stream, want, done)) co_return;
      drained = false;
    }
    if (want == Want::close) co_return;
    if (want != Want::read) continue;

    connection.enter_reading();
    const auto space = connection.space();
    error_code error;
    connection.waits_for_edge = reader.waits_for_edge(drained);
    const size_t count = co_await reader.read(space, drained, error);
    error = reader.result(drained, error);
    drained = !error && count < space.size();
    connection.waits_for_edge = false;
    const bool look_again = std::exchange(connection.look_again, false);
    if (!error) {
      connection.received(count);
    } else if (connection.interrupted) {
      connection.time_out();
      if (!connection.out().empty()) co_await write_out(connection, stream, 0);
      co_return;
    } else if (!look_again) {
      co_return;
    }
  }
}

}  // namespace http
