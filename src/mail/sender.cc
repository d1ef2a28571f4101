#include "mail/sender.h"

#include <algorithm>

#include "core/log.h"

namespace mail {

Sender::Sender(Service& service, Transport& transport, const core::Clock& clock)
    : service_(service), transport_(transport), clock_(clock), thread_([this](std::stop_token stop) { serve(stop); }) {}

void Sender::serve(std::stop_token stop) {
  core::Millis pause{0};
  uint64_t seen = 0;
  while (!stop.stop_requested()) {
    seen = service_.bell().wait(seen, pause, stop);
    if (stop.stop_requested()) return;
    const auto next = service_.deliver_due(transport_, stop);
    if (!next) core::log(core::Level::warn, "the outbox of mails cannot be read", {{"cause", next.error().cause}});
    service_.bell().answer(seen);
    pause = poll;
    if (next && *next) pause = std::clamp(**next - clock_.now(), core::Millis(10), poll);
  }
}

}  // namespace mail
