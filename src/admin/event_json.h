// Owns: how an event is shown, to administrators and on the command line.
// Thread rule: values.
#pragma once
#include "audit/event.h"
#include "core/fields.h"

namespace admin {

struct EventJson {
  core::Uuid id;
  core::Time at;
  std::string action;
  std::optional<core::Uuid> subject, session, actor, actor_session;
  std::string ip_address, request_id, device, detail;
  static constexpr std::string_view name = "Event";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{
        field("id", &EventJson::id, "The event's id; ids are ordered by time."),
        field("at", &EventJson::at, "When it was recorded."),
        field("action", &EventJson::action, "What happened, such as session.created."),
        field("subject", &EventJson::subject, "The user it happened to; absent where there is none."),
        field("session", &EventJson::session, "The session it happened to."),
        field("actor", &EventJson::actor, "The user who did it; absent before sign-in, and for the command line."),
        field("actorSession", &EventJson::actor_session, "The session in which it was done."),
        field("ipAddress", &EventJson::ip_address, "Where it was done from; empty for the command line."),
        field("requestId", &EventJson::request_id, "The X-Request-Id of the call."),
        field("device", &EventJson::device, "By which a sign-in was tried; else see the session."),
        field("detail", &EventJson::detail, "More of it, such as a reason. Never a secret.")};
  }
};

struct EventListJson {
  std::vector<EventJson> events;
  std::optional<std::string> next_cursor;
  static constexpr std::string_view name = "EventList";
  static constexpr auto fields() {
    return std::tuple{core::field("events", &EventListJson::events, "Newest first."),
                      core::field("nextCursor", &EventListJson::next_cursor,
                                  "Give it as `cursor` for the next page; absent on the last.")};
  }
};

inline EventJson to_json(const audit::Record& record) {
  return {.id = record.id,
          .at = record.at,
          .action = record.event.action,
          .subject = record.event.subject,
          .session = record.event.session,
          .actor = record.origin.actor,
          .actor_session = record.origin.session,
          .ip_address = record.origin.ip_address,
          .request_id = record.origin.request_id,
          .device = record.origin.device,
          .detail = record.event.detail};
}

}  // namespace admin
