// Owns: the development mailbox: where mails arrive while no mail server is set.
// Does not own: showing it (mail_routes.h).
// Thread rule: any thread.
#pragma once
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "mail/transport.h"

namespace mail {

class Mailbox final : public Transport {
 public:
  static constexpr size_t capacity = 200;  // then the oldest goes

  explicit Mailbox(const core::Clock& clock) : clock_(clock) {}

  // Always delivered, and logged in one line without its text, which may hold a code.
  Delivery deliver(const Letter& letter, std::stop_token stop) override;

  struct Arrived {
    Message message;
    core::Time sent_at;
  };
  // Newest first; of one recipient, compared without case, or of all.
  std::vector<Arrived> list(const std::optional<std::string>& to = {}) const;

 private:
  const core::Clock& clock_;
  mutable std::mutex mutex_;
  std::deque<Arrived> arrived_;  // newest first
};

}  // namespace mail
