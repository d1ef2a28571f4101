#include <cstdio>
#include <set>

#include "app/command_line.h"
#include "risk/replay.h"

namespace app {
namespace {

using core::Result;

struct HitJson {
  core::Time at;
  core::Uuid user;
  std::optional<core::Uuid> session;
  std::string signals, action, device, ip_address;
  static constexpr std::string_view name = "Hit";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{field("at", &HitJson::at, ""),
                      field("user", &HitJson::user, ""),
                      field("session", &HitJson::session, ""),
                      field("signals", &HitJson::signals, ""),
                      field("action", &HitJson::action, ""),
                      field("device", &HitJson::device, ""),
                      field("ipAddress", &HitJson::ip_address, "")};
  }
};

struct Tally {
  std::map<risk::Signal, int64_t> hits;
  int64_t sign_ins = 0;
};

void report(const audit::Record& record, const risk::Judgement& judgement, Tally& tally) {
  ++tally.sign_ins;
  if (judgement.signals.empty()) return;
  for (const auto signal : judgement.signals) ++tally.hits[signal];
  const HitJson hit{record.at,
                    record.event.subject.value_or(core::Uuid{}),
                    record.event.session,
                    risk::text_of(judgement.signals),
                    std::string(core::to_text(judgement.action)),
                    record.origin.device,
                    record.origin.ip_address};
  std::printf("%s\n", core::encode(hit).c_str());
}

Result<core::Uuid> read_from(const Words& words) {
  if (words.empty()) return core::Uuid{};
  if (const auto time = core::parse_iso8601(words[0])) return crypto::least_uuid7(*time);
  return core::fail(core::Code::validation_failed, words[0] + " is not a time such as 2026-01-31T12:00:00Z");
}

Result<> replay(const Call& call) {
  core::Uuid after = TRY(read_from(call.words));
  const auto app = TRY(open_app(call));
  risk::Replay past(app->places, call.config.risk.rules, call.config.risk.familiar_for);
  Tally tally;
  for (bool more = true; more;) {
    const auto records =
        TRY(app->database->reading([&](core::Tx& tx) { return app->seal_rows->events(tx, after, 1000); }));
    for (const auto& record : records)
      if (const auto judgement = past.feed(record)) report(record, *judgement, tally);
    if (!records.empty()) after = records.back().id;
    more = !records.empty();
  }
  for (const auto& [signal, name] : names_of(risk::Signal{}))
    if (call.config.risk.rules.on(signal))
      std::printf("%s: %ld of %ld sign-ins\n", std::string(name).c_str(), static_cast<long>(tally.hits[signal]),
                  static_cast<long>(tally.sign_ins));
  return {};
}

}  // namespace

std::vector<Command> risk_commands() {
  return {{"risk replay", "[FROM]", "What the rules about unusual sign-ins would have said of those on record.", 0, 1,
           replay}};
}

}  // namespace app
