// Owns: the loop that serve_plain() and serve_secure() share; included by their two files only, as it is slow to
// compile. Does not own: anything else. Thread rule: as serve.h.
#pragma once
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "http/server/serve.h"

namespace http {

using boost::system::error_code;

// Resumes on this loop once the job has run on a worker.
inline Task<> run_on_worker(Connection& connection, Workers& workers) {
  const auto start = [&](auto handler) {
    workers.submit([&connection, resume = std::move(handler)]() mutable {
      connection.run_job();
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

enum class Wrote { all, part, failed };

inline Wrote write_now(Connection& connection, Socket& socket, size_t& done) {
  error_code error;
  done = socket.write_some(asio::buffer(connection.out()), error);
  if (error == asio::error::would_block) return Wrote::part;
  if (error) return Wrote::failed;
  return done == connection.out().size() ? Wrote::all : Wrote::part;
}
template <class Stream>
Wrote write_now(Connection&, Stream&, size_t& done) {
  return done = 0, Wrote::part;
}

// Lets the client read the last answer: closing at once while it still sends would discard it (RFC 9112 section 9.6).
inline Task<> linger(Connection& connection, Socket& socket) {
  error_code error;
  connection.enter(Phase::closing);
  socket.shutdown(Socket::shutdown_send, error);
  char ignored[2048];
  for (size_t left = 1 << 20; !error && left > sizeof ignored;)
    left -= co_await socket.async_read_some(asio::buffer(ignored), asio::redirect_error(awaiting, error));
}

template <class Stream>
Task<> serve(Connection& connection, Stream& stream) {
  Workers& workers = connection.workers();
  for (bool open = true; open;) {
    const Want want = connection.advance();
    if (!connection.out().empty()) {
      size_t done = 0;
      const Wrote wrote = write_now(connection, stream, done);
      if (wrote == Wrote::failed) co_return;
      if (wrote == Wrote::all)
        connection.written();
      else if (!co_await write_out(connection, stream, done))
        co_return;
    }
    if (want == Want::close) break;
    if (want == Want::work) {
      connection.enter(Phase::work);
      if (workers.reserve())
        co_await run_on_worker(connection, workers);
      else
        connection.refuse_job();
      connection.finish_job();
    }
    if (want != Want::read) continue;

    connection.enter_reading();
    const auto space = connection.space();
    error_code error;
    const size_t count = co_await stream.async_read_some(asio::buffer(space.data(), space.size()),
                                                         asio::redirect_error(awaiting, error));
    if (!error) {
      connection.received(count);
      continue;
    }
    if (!connection.interrupted) co_return;
    connection.time_out();
    open = false;
    if (!connection.out().empty() && !co_await write_out(connection, stream, 0)) co_return;
  }
}

}  // namespace http
