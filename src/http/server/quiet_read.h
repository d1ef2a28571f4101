// Owns: reading a socket that has just been read empty, without asking the kernel again before it says that more came.
// Does not own: the socket.
// Thread rule: the socket's I/O thread; one read at a time.
//
// Asio begins every read with a recv(), which for keep-alive connections fails once for each request and is a tenth of
// its cost. Its reactor is edge-triggered, so a read that follows a short one may wait for the next edge, provided that
// the thread has not been in the reactor in between. This uses Asio's reactor directly (Boost 1.81, which Debian 12
// pins).
#pragma once
#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <optional>
#include <span>

#include "http/server/io.h"

namespace http {

class QuietRead : public asio::detail::reactor_op {
 public:
  explicit QuietRead(Socket& socket);
  // How many bytes came; 0 at the end of the stream, after a failure, or when the socket's operations were cancelled:
  // then error() says which. The end of a stream that came together with the last bytes is not noticed.
  Task<size_t> read_more(std::span<char> space);
  boost::system::error_code error() const {
    return bytes_transferred_ || ec_ ? ec_ : asio::error::make_error_code(asio::error::eof);
  }

 private:
  using Handler = asio::async_result<asio::use_awaitable_t<Executor>, void(size_t)>::handler_type;
  static status perform_one(asio::detail::reactor_op* self);
  static void complete_one(void* owner, asio::detail::scheduler_operation* self, const boost::system::error_code&,
                           size_t);
  void begin(Handler handler);

  Socket& socket_;
  asio::detail::reactor& reactor_;
  std::span<char> space_;
  std::optional<Handler> handler_;
  bool beginning_ = false;
};

}  // namespace http
