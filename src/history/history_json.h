// Owns: how attempts to sign in are shown.
// Thread rule: values.
#pragma once
#include "history/attempt.h"

namespace history {

struct AttemptJson {
  core::Time at;
  Outcome outcome{};
  std::optional<std::string> reason;
  std::vector<std::string> methods;
  std::string device, ip_address, request_id;
  std::optional<core::Uuid> session;
  static constexpr std::string_view name = "Attempt";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{
        field("at", &AttemptJson::at, "When."),
        field("outcome", &AttemptJson::outcome, "What became of it."),
        field("reason", &AttemptJson::reason, "Of a refusal: an error's code. Of what was noticed: the rules."),
        field("methods", &AttemptJson::methods, "What was proved (RFC 8176), or of what a code was refused."),
        field("device", &AttemptJson::device, "Such as \"Chrome on macOS\"; empty when it is not known."),
        field("ipAddress", &AttemptJson::ip_address, "From where."),
        field("sessionId", &AttemptJson::session, "The session that it made, or is about."),
        field("requestId", &AttemptJson::request_id, "The X-Request-Id of the call.")};
  }
};

struct HistoryJson {
  std::vector<AttemptJson> attempts;
  std::optional<std::string> next_cursor;
  static constexpr std::string_view name = "History";
  static constexpr auto fields() {
    return std::tuple{core::field("attempts", &HistoryJson::attempts, "Newest first."),
                      core::field("nextCursor", &HistoryJson::next_cursor,
                                  "Give it as `cursor` for the next page; absent on the last.")};
  }
};

}  // namespace history
