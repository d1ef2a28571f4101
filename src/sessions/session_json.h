// Owns: how a device and a session look in JSON.
#pragma once
#include "sessions/session.h"

namespace sessions {

// `deviceInfo` of api.md section 1.
struct DeviceJson {
  std::optional<std::string> name_, platform, app_version, user_agent, device_id;

  static constexpr std::string_view name = "DeviceInfo";
  static constexpr auto fields() {
    using core::field, core::length;
    return std::tuple{
        field("deviceName", &DeviceJson::name_, "What the user calls it.", length(0, 256)),
        field("platform", &DeviceJson::platform, "Such as ios, android, macos, windows, linux.", length(0, 256)),
        field("appVersion", &DeviceJson::app_version, "Of the app that signs in.", length(0, 256)),
        field("userAgent", &DeviceJson::user_agent, "Instead of the User-Agent header.", length(0, 256)),
        field("deviceId", &DeviceJson::device_id, "An id that the app keeps on the device.", length(0, 256))};
  }
};

inline devices::Device to_device(const std::optional<DeviceJson>& json) {
  if (!json) return {};
  return {json->name_, json->platform, json->app_version, json->user_agent, json->device_id};
}
inline DeviceJson to_json(const devices::Device& device) {
  return {device.name, device.platform, device.app_version, device.user_agent, device.device_id};
}

struct SessionJson {
  SessionId id;
  DeviceJson device;
  std::string ip_address;
  core::Time created_at;
  std::optional<core::Time> authenticated_at;
  std::vector<std::string> amr;
  int64_t aal = 1;
  core::Time last_active_at, expires_at;
  bool current = false;
  std::optional<bool> impersonated;

  static constexpr std::string_view name = "Session";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{field("sessionId", &SessionJson::id, "Names the session; opens nothing."),
                      field("deviceInfo", &SessionJson::device, "The device that signed in."),
                      field("ipAddress", &SessionJson::ip_address, "Of the sign-in or the last refresh."),
                      field("createdAt", &SessionJson::created_at, "When it began."),
                      field("authenticatedAt", &SessionJson::authenticated_at,
                            "When the user last proved who he is; absent when he must do so anew."),
                      field("amr", &SessionJson::amr, "By which methods (RFC 8176)."),
                      field("aal", &SessionJson::aal, "Authentication assurance level: 2 with two factors, else 1."),
                      field("lastActive", &SessionJson::last_active_at, "Its last use; written at most 10 s late."),
                      field("expiresAt", &SessionJson::expires_at, "When it ends, however much it is used."),
                      field("current", &SessionJson::current, "Whether it is the one that asks."),
                      field("impersonated", &SessionJson::impersonated,
                            "True where somebody else acts in the user's name; else absent.")};
  }
};

inline SessionJson to_json(const Session& session, SessionId current) {
  return {.id = session.id,
          .device = to_json(session.device),
          .ip_address = session.ip_address,
          .created_at = session.created_at,
          .authenticated_at = proved_at(session),
          .amr = methods_of(session.amr),
          .aal = assurance_level(session.amr),
          .last_active_at = session.last_active_at,
          .expires_at = session.expires_at,
          .current = session.id == current,
          .impersonated = session.impersonator ? std::optional(true) : std::nullopt};
}

struct SessionListJson {
  std::vector<SessionJson> sessions;
  std::optional<std::string> next_cursor;
  static constexpr std::string_view name = "SessionList";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{field("sessions", &SessionListJson::sessions, "Newest activity first."),
                      field("nextCursor", &SessionListJson::next_cursor,
                            "Give it as `cursor` for the next page; absent on the last.")};
  }
};

// How many sessions a call ended.
struct RevokedJson {
  int64_t revoked = 0;
  static constexpr std::string_view name = "Revoked";
  static constexpr auto fields() {
    return std::tuple{core::field("revoked", &RevokedJson::revoked, "How many sessions ended.")};
  }
};

}  // namespace sessions
