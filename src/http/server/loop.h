// Owns: one I/O thread: its acceptor, its connections and their deadlines.
// Does not own: the site, the certificate.
// Thread rule: start(), stop() and join() from the thread that owns the server, everything else on the loop's own
// thread.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <thread>

#include "http/server/serve.h"
#include "http/server/tls.h"

namespace http {

class Loop {
 public:
  // `certificate` is null for plain HTTP.
  Loop(Site& site, const Certificate* certificate);
  ~Loop();

  // Binds `endpoint`, which other loops of this process may bind too. Errors: validation_failed with a sentence. Port 0
  // takes a free one: see port().
  core::Result<> listen(const asio::ip::tcp::endpoint& endpoint);
  uint16_t port() const { return port_; }
  void start();

  // Accepts nothing more, and ends each connection with its next answer.
  void begin_stop();
  // Closes idle connections.
  void leave();
  // Closes what is left.
  void close_all();
  void join();

 private:
  Task<> accept();
  Task<> accepted(Socket socket, asio::ip::tcp::endpoint peer);
  void accept_the_last();
  Task<> tick();
  void interrupt_late();
  bool is_full() const;

  Site& site_;
  const Certificate* certificate_;
  // Above the context, whose end destroys the coroutines that use them.
  Desk desk_;
  boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections_;
  asio::io_context context_;
  asio::executor_work_guard<Executor> guard_;
  Acceptor acceptor_;
  Timer timer_, accept_pause_;
  uint16_t port_ = 0;
  bool accept_failed_ = false;
  std::thread thread_;
};

}  // namespace http
