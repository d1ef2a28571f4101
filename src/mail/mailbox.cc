#include "mail/mailbox.h"

#include <strings.h>

#include "core/log.h"

namespace mail {

Delivery Mailbox::deliver(const Letter& letter, std::stop_token) {
  core::log(core::Level::info, "mail in the development mailbox",
            {{"to", letter.message.to}, {"subject", letter.message.subject}});
  const std::lock_guard lock(mutex_);
  arrived_.push_front({letter.message, clock_.now()});
  if (arrived_.size() > capacity) arrived_.pop_back();
  return {Delivery::Outcome::delivered};
}

std::vector<Mailbox::Arrived> Mailbox::list(const std::optional<std::string>& to) const {
  const std::lock_guard lock(mutex_);
  std::vector<Arrived> found;
  for (const Arrived& mail : arrived_)
    if (!to || strcasecmp(to->c_str(), mail.message.to.c_str()) == 0) found.push_back(mail);
  return found;
}

}  // namespace mail
