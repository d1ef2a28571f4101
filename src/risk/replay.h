// Owns: what the rules would have said of sign-ins of the past.
// Does not own: reading the record of events (app/), the rules (rules.h).
// Thread rule: one thread; values.
#pragma once
#include <map>

#include "audit/event.h"
#include "risk/rules.h"

namespace risk {

// Fed with events in their order, the oldest first. It knows what the events tell: of devices their names, of sessions
// where they began. Refreshes are not on record, so nothing is said of second_network.
class Replay {
 public:
  Replay(const Places& places, const Rules& rules, core::Millis familiar_for)
      : places_(places), rules_(rules), familiar_for_(familiar_for) {}

  // What the rules say of a sign-in; absent for other events.
  std::optional<Judgement> feed(const audit::Record& record);

 private:
  using Traits = std::map<std::string, core::Time>;
  struct User {
    Traits familiar;
    bool known = false;  // has signed in before, however long ago
    std::optional<Seen> last;
    int64_t failures = 0;
  };
  Facts facts_of(User& user, const audit::Record& record, const Place& place);
  // The sources of `network` within an hour, this try included.
  int64_t count_accounts(const std::string& network, const std::string& account, core::Time at);

  const Places& places_;
  const Rules rules_;
  const core::Millis familiar_for_;
  std::map<core::Uuid, User> users_;
  std::map<std::string, std::map<std::string, core::Time>> tries_;
};

}  // namespace risk
