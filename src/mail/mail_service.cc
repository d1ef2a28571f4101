#include "mail/mail_service.h"

#include <algorithm>
#include <string_view>

#include "core/fields.h"
#include "core/log.h"

namespace mail {
namespace {

constexpr core::Millis first_wait = std::chrono::seconds(5), longest_wait = std::chrono::minutes(15);

// What the outbox keeps sealed.
struct Content {
  std::string subject, text, html;
  static constexpr std::string_view name = "MailContent";
  static constexpr auto fields() {
    return std::tuple{core::field("subject", &Content::subject, ""), core::field("text", &Content::text, ""),
                      core::field("html", &Content::html, "")};
  }
};

std::string seal_context(LetterId id) { return "mail:" + id.str(); }

core::Result<Letter> open(const crypto::Sealer& sealer, const StoredLetter& stored) {
  const auto plain = TRY(sealer.open(stored.sealed, seal_context(stored.id)));
  auto content = TRY(core::decode<Content>(plain.expose()));
  return Letter{.id = stored.id,
                .message = {.to = stored.recipient,
                            .subject = std::move(content.subject),
                            .text = std::move(content.text),
                            .html = std::move(content.html)},
                .created_at = stored.created_at,
                .expires_at = stored.expires_at,
                .attempts = stored.attempts};
}

void log_outcome(const StoredLetter& stored, const Delivery& delivery) {
  const bool good = delivery.outcome == Delivery::Outcome::delivered;
  const bool lost = delivery.outcome == Delivery::Outcome::refused;
  core::log(good   ? core::Level::info
            : lost ? core::Level::error
                   : core::Level::warn,
            good   ? "mail delivered"
            : lost ? "mail given up"
                   : "mail delayed",
            {{"mail", stored.id.str()},
             {"to", masked(stored.recipient)},
             {"attempt", stored.attempts},
             {"why", delivery.why}});
}

}  // namespace

core::Millis back_off(int64_t attempts, crypto::Random& random) {
  const int64_t doublings = std::clamp<int64_t>(attempts - 1, 0, 20);
  const core::Millis wait = std::min(longest_wait, first_wait * (int64_t{1} << doublings));
  return wait / 2 + core::Millis(random.below(static_cast<uint32_t>(wait.count()) + 1));
}

Service::Service(core::Transactor& transactor, Store& store, const crypto::Sealer& sealer, crypto::Random& random,
                 const core::Clock& clock, Letterhead letterhead)
    : transactor_(transactor),
      store_(store),
      sealer_(sealer),
      random_(random),
      clock_(clock),
      letterhead_(std::move(letterhead)) {}

core::Result<> Service::enqueue(core::Tx& tx, Message message, core::Time expires_at) {
  const core::Time now = clock_.now();
  const auto id = random_.id<LetterId>(now);
  const crypto::Secret content(
      core::encode(Content{std::move(message.subject), std::move(message.text), std::move(message.html)}));
  TRY(store_.create(tx, {.id = id,
                         .recipient = std::move(message.to),
                         .sealed = sealer_.seal(content.bytes(), seal_context(id)),
                         .created_at = now,
                         .expires_at = expires_at,
                         .next_attempt_at = now}));
  tx.after_commit([this] { bell_.ring(); });
  return {};
}

core::Result<std::optional<core::Time>> Service::find_due() {
  return transactor_.reading([&](core::Tx& tx) { return store_.find_due(tx); });
}

core::Result<std::optional<StoredLetter>> Service::claim() {
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<std::optional<StoredLetter>> {
    const core::Time now = clock_.now();
    if (const int64_t dropped = TRY(store_.delete_expired(tx, now)))
      core::log(core::Level::warn, "mails expired before they could be delivered", {{"count", dropped}});
    return store_.claim(tx, now, now + lease);
  });
}

Delivery Service::attempt(const StoredLetter& stored, Transport& transport, std::stop_token stop) {
  const auto letter = open(sealer_, stored);
  // Sealed under another master key: a node that has the right one may still deliver it.
  if (!letter) return {Delivery::Outcome::retry, "it cannot be opened: " + letter.error().cause};
  return transport.deliver(*letter, stop);
}

core::Result<> Service::record(const StoredLetter& stored, const Delivery& delivery) {
  log_outcome(stored, delivery);
  return transactor_.atomically([&](core::Tx& tx) -> core::Result<> {
    if (delivery.outcome != Delivery::Outcome::retry) return store_.delete_claimed(tx, stored.id, stored.attempts);
    return store_.update(tx, stored.id, stored.attempts, clock_.now() + back_off(stored.attempts, random_),
                         delivery.why);
  });
}

core::Result<std::optional<core::Time>> Service::deliver_due(Transport& transport, std::stop_token stop) {
  while (true) {
    // A read first: an idle server writes nothing.
    const auto due = TRY(find_due());
    if (!due || *due > clock_.now() || stop.stop_requested()) return due;
    const auto stored = TRY(claim());
    if (stored) TRY(record(*stored, attempt(*stored, transport, stop)));
  }
}

}  // namespace mail
