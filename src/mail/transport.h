// Owns: the seam between the outbox and what delivers.
// Does not own: retrying and expiry (mail_service.h).
// Thread rule: deliver() is called by one thread at a time.
#pragma once
#include <stop_token>

#include "mail/message.h"

namespace mail {

struct Delivery {
  enum class Outcome {
    delivered,
    retry,    // not now: the server is away, busy, or not trusted
    refused,  // never: trying again would not help
  };
  Outcome outcome;
  std::string why = {};  // for the log: without addresses, codes or credentials
};

class Transport {
 public:
  virtual ~Transport() = default;
  // May block for half a minute; ends early, with `retry`, once `stop` is requested.
  virtual Delivery deliver(const Letter& letter, std::stop_token stop) = 0;
};

}  // namespace mail
