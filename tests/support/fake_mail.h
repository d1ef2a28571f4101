// For services that write mails: an Outbox that keeps them, and a mail::Store in memory.
#pragma once
#include <algorithm>
#include <map>
#include <vector>

#include "mail/mail_store.h"
#include "mail/outbox.h"

namespace test {

// Give `sent` to FakeTransactor::track(): a failed transaction mails nothing.
class FakeMailOutbox final : public mail::Outbox {
 public:
  struct Sent {
    mail::Message message;
    core::Time expires_at;
  };
  std::vector<Sent> sent;
  mail::Letterhead head{.public_url = "https://usher.test"};

  const mail::Letterhead& letterhead() const override { return head; }

  core::Result<> enqueue(core::Tx&, mail::Message message, core::Time expires_at) override {
    sent.push_back({std::move(message), expires_at});
    return {};
  }
};

class FakeMailStore final : public mail::Store {
 public:
  std::map<mail::LetterId, mail::StoredLetter> letters;
  std::map<mail::LetterId, std::string> errors;

  core::Result<> create(core::Tx&, const mail::StoredLetter& letter) override {
    letters.emplace(letter.id, letter);
    return {};
  }
  core::Result<std::optional<core::Time>> find_due(core::Tx&) override {
    const auto* first = longest_due();
    return first ? std::optional(first->next_attempt_at) : std::nullopt;
  }
  core::Result<std::optional<mail::StoredLetter>> claim(core::Tx&, core::Time now, core::Time lease_end) override {
    auto* first = longest_due();
    if (!first || first->next_attempt_at > now) return std::nullopt;
    ++first->attempts;
    first->next_attempt_at = lease_end;
    return *first;
  }
  core::Result<> update(core::Tx&, mail::LetterId id, int64_t attempts, core::Time next_attempt_at,
                        const std::string& why) override {
    if (auto* letter = claimed(id, attempts)) {
      letter->next_attempt_at = next_attempt_at;
      errors[id] = why;
    }
    return {};
  }
  core::Result<> delete_claimed(core::Tx&, mail::LetterId id, int64_t attempts) override {
    if (claimed(id, attempts)) letters.erase(id);
    return {};
  }
  core::Result<int64_t> delete_expired(core::Tx&, core::Time now) override {
    return static_cast<int64_t>(
        std::erase_if(letters, [&](const auto& entry) { return entry.second.expires_at <= now; }));
  }

 private:
  mail::StoredLetter* longest_due() {
    const auto first = std::ranges::min_element(letters, {}, [](auto& entry) { return entry.second.next_attempt_at; });
    return first == letters.end() ? nullptr : &first->second;
  }
  mail::StoredLetter* claimed(mail::LetterId id, int64_t attempts) {
    const auto at = letters.find(id);
    return at != letters.end() && at->second.attempts == attempts ? &at->second : nullptr;
  }
};

}  // namespace test
