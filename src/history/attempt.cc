#include "history/attempt.h"

#include <algorithm>

#include "sessions/session.h"

namespace history {
namespace {

// What the detail of an event holds.
enum class Detail { nothing, methods, method, reason };

struct Kind {
  std::string_view action;
  Outcome outcome;
  Detail detail;
  std::string_view says = "";   // the reason that the event does not name
  bool before_sign_in = false;  // who is signed in does the same for other ends
  std::string_view tried = "";  // the method that the event does not name
};

constexpr Kind kinds[] = {{"session.created", Outcome::succeeded, Detail::methods},
                          {"login.failed", Outcome::refused, Detail::reason},
                          {"login.factor_asked", Outcome::factor_asked, Detail::nothing},
                          {"login.approval_asked", Outcome::approval_asked, Detail::nothing},
                          {"login.unusual", Outcome::noticed, Detail::reason},
                          {"login.denied", Outcome::denied, Detail::nothing},
                          {"factor.refused", Outcome::refused, Detail::method, "otp_invalid", true},
                          {"user.code_refused", Outcome::refused, Detail::nothing, "otp_invalid", true, "otp"}};

std::vector<std::string> methods_of(const Kind& kind, const std::string& detail) {
  if (kind.detail == Detail::methods || kind.detail == Detail::method) return sessions::methods_of(detail);
  // Only a wrong password is refused so.
  if (kind.detail == Detail::reason && detail == "invalid_credentials") return {"pwd"};
  return sessions::methods_of(kind.tried);
}

// "sign_in_refused: new_country" tells an administrator more than whoever was refused.
std::string reason_of(const Kind& kind, const std::string& detail) {
  if (kind.detail != Detail::reason) return std::string(kind.says);
  return detail.substr(0, detail.find(':'));
}

}  // namespace

const std::vector<std::string>& actions() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names;
    for (const Kind& kind : kinds) names.emplace_back(kind.action);
    return names;
  }();
  return all;
}

std::optional<Attempt> attempt_of(const audit::Record& record) {
  const auto* kind = std::ranges::find(kinds, record.event.action, &Kind::action);
  if (kind == std::end(kinds) || (kind->before_sign_in && record.origin.actor)) return std::nullopt;
  return Attempt{.id = record.id,
                 .at = record.at,
                 .outcome = kind->outcome,
                 .reason = reason_of(*kind, record.event.detail),
                 .methods = methods_of(*kind, record.event.detail),
                 .device = record.origin.device,
                 .ip_address = record.origin.ip_address,
                 .request_id = record.origin.request_id,
                 .session = record.event.session};
}

}  // namespace history
