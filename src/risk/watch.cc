#include "risk/watch.h"

#include <algorithm>

#include "mail/templates.h"

namespace risk {
namespace {

using core::Result;

const std::string failures_trait = "failures";
// Of every user who was ever remembered; what it says never grows old, so that long absence makes nobody a newcomer.
const Trait was_here{"known", core::Time(std::chrono::years(8000))};

bool has(const std::vector<Trait>& traits, const std::string& text) {
  return std::ranges::find(traits, text, &Trait::text) != traits.end();
}

}  // namespace

bool Watch::may_ask() const { return rules().strictest() >= Action::step_up; }

Result<Judgement> Watch::judge(core::Tx& tx, accounts::UserId user, const devices::Device& device,
                               const audit::Origin& origin) {
  if (rules().strictest() == Action::off) return Judgement{};
  const core::Time now = parts_.clock.now();
  const auto traits = TRY(familiar_to(tx, user));
  Facts facts{.first = std::ranges::all_of(traits, [](const Trait& one) { return one.text == failures_trait; }),
              .known_device = has(traits, device_trait(device)),
              .known_network = has(traits, network_trait(origin.ip_address)),
              .now = now,
              .place = parts_.places.find(origin.ip_address),
              .after_failures = has(traits, failures_trait)};
  facts.known_country = has(traits, country_trait(facts.place));
  if (rules().on(Signal::impossible_travel)) facts.last = TRY(last_seen(tx, user));
  if (rules().on(Signal::many_accounts))
    facts.accounts =
        TRY(parts_.familiar.count_tries(tx, network_of(origin.ip_address), now - tries_window, rules().many_accounts));
  auto judgement = risk::judge(facts, rules());
  judgement.newcomer = !has(traits, was_here.text);
  return judgement;
}

Result<std::vector<Trait>> Watch::familiar_to(core::Tx& tx, accounts::UserId user) {
  auto traits = TRY(parts_.familiar.list(tx, user));
  const core::Time end = parts_.clock.now() - parts_.config.familiar_for;
  std::erase_if(traits, [&](const Trait& trait) { return trait.last_at <= end; });
  return traits;
}

Result<std::optional<Seen>> Watch::last_seen(core::Tx& tx, accounts::UserId user) {
  const auto living = TRY(parts_.sessions.list(tx, user, {.limit = 1, .own = true}));
  if (living.empty()) return std::nullopt;
  return Seen{living[0].refreshed_at, parts_.places.find(living[0].ip_address)};
}

Result<> Watch::accept(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                       const Judgement& judgement, const audit::Origin& origin) {
  const auto remember = [&](bool wanted, const std::string& trait) -> Result<> {
    return wanted ? parts_.familiar.put(tx, user.id, {trait, session.created_at}) : Result<>{};
  };
  if (judgement.newcomer) TRY(parts_.familiar.put(tx, user.id, was_here));
  TRY(remember(rules().on(Signal::new_device), device_trait(session.device)));
  TRY(remember(rules().on(Signal::new_network) || rules().on(Signal::second_network),
               network_trait(origin.ip_address)));
  TRY(remember(rules().on(Signal::new_country), country_trait(parts_.places.find(origin.ip_address))));
  if (judgement.action == Action::off) return {};
  TRY(parts_.familiar.remove(tx, user.id, failures_trait));
  return tell(tx, user, session, judgement, origin);
}

Result<> Watch::moved(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                      const std::string& before, const audit::Origin& origin) {
  if (network_of(before) == network_of(origin.ip_address)) return {};
  const auto trait = network_trait(origin.ip_address);
  const bool known = has(TRY(familiar_to(tx, user.id)), trait);
  const auto judgement = risk::judge({.first = true, .moved = !known}, rules());  // of a sign-in's facts none
  TRY(parts_.familiar.put(tx, user.id, {trait, parts_.clock.now()}));
  return judgement.action == Action::off ? Result<>{} : tell(tx, user, session, judgement, origin);
}

Result<> Watch::tell(core::Tx& tx, const accounts::User& user, const sessions::Session& session,
                     const Judgement& judgement, const audit::Origin& origin) {
  TRY(parts_.audit.append(tx, {"login.unusual", user.id.value, session.id.value, text_of(judgement.signals)}, origin));
  return judgement.action == Action::record ? Result<>{} : parts_.not_me.tell(tx, user, session, judgement);
}

Result<> Watch::note_try(core::Tx& tx, std::string_view email_key, const audit::Origin& origin) {
  if (!rules().on(Signal::many_accounts)) return {};
  return parts_.familiar.put_try(tx, network_of(origin.ip_address), crypto::sha256(crypto::as_bytes(email_key)),
                                 parts_.clock.now());
}

Result<> Watch::note_failures(core::Tx& tx, accounts::UserId user, int64_t failures) {
  if (!rules().on(Signal::after_failures) || failures < rules().failures) return {};
  return parts_.familiar.put(tx, user, {failures_trait, parts_.clock.now()});
}

Result<int64_t> Watch::prune(core::Tx& tx, int64_t limit) {
  const core::Time now = parts_.clock.now();
  const auto traits = TRY(parts_.familiar.prune(tx, now - parts_.config.familiar_for, limit));
  return traits + TRY(parts_.familiar.prune_tries(tx, now - tries_window, limit));
}

}  // namespace risk
