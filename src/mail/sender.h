// Owns: the out lane's thread: it delivers what is due, and wakes when a transaction left a mail behind.
// Does not own: what it does then (mail_service.h).
// Thread rule: made and destroyed by one thread; settle() from any worker thread.
#pragma once
#include <thread>

#include "mail/mail_service.h"

namespace mail {

class Sender {
 public:
  // Looks at the outbox at least this often, for mails that other nodes or the command line left.
  static constexpr core::Millis poll = std::chrono::seconds(5);

  Sender(Service& service, Transport& transport, const core::Clock& clock);
  // Ends a delivery under way; what is undelivered stays in the outbox.
  ~Sender() = default;

  // Until everything enqueued in this process before the call was attempted once; false when that takes too long.
  bool settle(core::Millis timeout) { return service_.bell().settle(timeout); }

 private:
  void serve(std::stop_token stop);

  Service& service_;
  Transport& transport_;
  const core::Clock& clock_;
  std::jthread thread_;
};

}  // namespace mail
