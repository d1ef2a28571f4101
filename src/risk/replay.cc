#include "risk/replay.h"

#include <utility>

#include "risk/traits.h"

namespace risk {

std::optional<Judgement> Replay::feed(const audit::Record& record) {
  const bool succeeded = record.event.action == "session.created";
  if (!succeeded && record.event.action != "login.failed") return std::nullopt;
  // Of an address without an account only the call is known.
  const std::string account = record.event.subject ? record.event.subject->str() : record.origin.request_id;
  const int64_t accounts = count_accounts(network_of(record.origin.ip_address), account, record.at);
  if (!record.event.subject) return std::nullopt;
  User& user = users_[*record.event.subject];
  if (!succeeded) {
    user.failures += record.event.detail == "invalid_credentials";
    return std::nullopt;
  }
  const Place place = places_.find(record.origin.ip_address);
  Facts facts = facts_of(user, record, place);
  facts.accounts = accounts;
  user.failures = 0;
  user.last = Seen{record.at, place};
  return judge(facts, rules_);
}

Facts Replay::facts_of(User& user, const audit::Record& record, const Place& place) {
  std::erase_if(user.familiar, [&](const auto& trait) { return trait.second + familiar_for_ <= record.at; });
  const auto known = [&](const std::string& trait) { return !user.familiar.insert_or_assign(trait, record.at).second; };
  Facts facts{.first = !std::exchange(user.known, true), .now = record.at, .place = place, .last = user.last};
  facts.after_failures = user.failures >= rules_.failures;
  facts.known_device = known(device_trait({.name = record.origin.device}));
  facts.known_network = known(network_trait(record.origin.ip_address));
  facts.known_country = known(country_trait(place));
  return facts;
}

int64_t Replay::count_accounts(const std::string& network, const std::string& account, core::Time at) {
  auto& tried = tries_[network];
  tried[account] = at;
  std::erase_if(tried, [&](const auto& one) { return one.second < at - tries_window; });
  return std::ssize(tried);
}

}  // namespace risk
