#include "http/server/quiet_read.h"

#include <sys/socket.h>

namespace http {

using boost::system::error_code;
namespace detail = asio::detail;

QuietRead::QuietRead(Socket& socket)
    : detail::reactor_op({}, &QuietRead::perform_one, &QuietRead::complete_one),
      socket_(socket),
      reactor_(asio::use_service<detail::reactor>(asio::query(socket.get_executor(), asio::execution::context))) {}

Task<size_t> QuietRead::read_more(std::span<char> space) {
  space_ = space;
  ec_ = {};
  bytes_transferred_ = 0;
  const auto start = [this](Handler handler) { begin(std::move(handler)); };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(size_t)>(start, awaiting);
}

void QuietRead::begin(Handler handler) {
  handler_.emplace(std::move(handler));
  beginning_ = true;
  socket_.start_read(reactor_, *this);
  beginning_ = false;
}

// The first call comes from the start of the operation, where nothing can have arrived unnoticed.
detail::reactor_op::status QuietRead::perform_one(detail::reactor_op* self) {
  auto& read = static_cast<QuietRead&>(*self);
  if (read.beginning_) return not_done;
  ssize_t got;
  do got = ::recv(read.socket_.native_handle(), read.space_.data(), read.space_.size(), MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return not_done;
  if (got < 0) read.ec_ = error_code(errno, asio::error::get_system_category());
  else read.bytes_transferred_ = static_cast<size_t>(got);
  return done;
}

// Without an owner the loop is being destroyed, and the coroutine with it: nothing of `self` may be touched afterwards.
void QuietRead::complete_one(void* owner, detail::scheduler_operation* self, const error_code&, size_t) {
  auto& read = static_cast<QuietRead&>(*self);
  Handler handler = std::move(*read.handler_);
  read.handler_.reset();
  if (owner) handler(read.bytes_transferred_);
}

}  // namespace http
