// Owns: what a session is, when it ends, and its refresh state.
// Does not own: users (accounts/), tokens' form (tokens/), who may call (login/).
// Thread rule: values and pure functions.
#pragma once
#include <algorithm>
#include <array>

#include "accounts/user.h"
#include "crypto/secret.h"
#include "devices/device.h"

namespace sessions {

using SessionId = core::Id<struct SessionTag>;

enum class EndReason {
  logout,
  logout_all,
  admin,
  password_changed,
  factor_changed,
  account_disabled,
  account_deleted,
  refresh_reuse,
  idle,
  absolute,
  limit,
  device_denied,
  not_me,
  email_changed,
  roles_changed,
  factor_required,
  impersonation
};
constexpr std::array<core::Name<EndReason>, 17> names_of(EndReason) {
  using enum EndReason;
  return {{{logout, "logout"},
           {logout_all, "logout_all"},
           {admin, "admin"},
           {password_changed, "password_changed"},
           {factor_changed, "factor_changed"},
           {account_disabled, "account_disabled"},
           {account_deleted, "account_deleted"},
           {refresh_reuse, "refresh_reuse"},
           {idle, "idle"},
           {absolute, "absolute"},
           {limit, "limit"},
           {device_denied, "device_denied"},
           {not_me, "not_me"},
           {email_changed, "email_changed"},
           {roles_changed, "roles_changed"},
           {factor_required, "factor_required"},
           {impersonation, "impersonation"}}};
}

// A session ends once, with one reason.
struct End {
  core::Time at;
  EndReason reason;
};

// What decides the answer to a refresh token (refresh.h).
struct Rotation {
  int64_t generation = 0;         // of the current refresh token
  std::vector<core::Time> times;  // of the last four rotations, newest first
  std::string answered_to;        // the device family that the last rotation was answered to
  bool operator==(const Rotation&) const = default;
};

struct Session {
  SessionId id;
  accounts::UserId user;
  crypto::Secret secret;  // 32 random bytes; keys the MAC of its refresh tokens
  Rotation rotation;
  std::string amr;  // how the user authenticated (RFC 8176), space separated
  devices::Device device;
  std::string ip_address;  // of sign-in, then of the last refresh
  core::Time created_at, last_active_at, refreshed_at;
  core::Time authenticated_at;                 // of the last proof of who the user is, at sign-in or since
  core::Time proofs_from;                      // older proofs do not count: an event took them back (policy.h)
  core::Time expires_at;                       // whatever its use
  std::optional<SessionId> impersonator = {};  // the session of who acts in the user's name; no proof of his counts
  std::optional<End> end;
};

// When the user last proved who he is; absent when that was taken back.
inline std::optional<core::Time> proved_at(const Session& session) {
  return session.authenticated_at >= session.proofs_from ? std::optional(session.authenticated_at) : std::nullopt;
}

// The methods that `amr` lists.
inline std::vector<std::string> methods_of(std::string_view amr) {
  std::vector<std::string> methods;
  for (size_t begin = 0; begin < amr.size();) {
    const size_t end = std::min(amr.find(' ', begin), amr.size());
    methods.emplace_back(amr.substr(begin, end - begin));
    begin = end + 1;
  }
  return methods;
}

inline bool lists(std::string_view amr, std::string_view method) {
  const auto methods = methods_of(amr);
  return std::ranges::find(methods, method) != methods.end();
}

// The authentication assurance level that `amr` reaches (NIST SP 800-63B section 4): 2 with two factors, else 1.
inline int64_t assurance_level(std::string_view amr) { return lists(amr, "mfa") ? 2 : 1; }

struct Lifetimes {
  core::Seconds idle{}, absolute{};
};

// What `session` tells of its end, where `lifetimes` end it earlier.
inline void shorten(Session& session, const Lifetimes& lifetimes) {
  session.expires_at = std::min(session.expires_at, session.created_at + lifetimes.absolute);
}

// `most`, or what a living session has left at `now` whatever its use, in whole seconds begun, where that is less. Past
// its end by the clock it lives because the clock was set, which then says nothing of what is left.
inline core::Seconds life_of_token(core::Seconds most, const Session& session, const Lifetimes& lifetimes,
                                   core::Time now) {
  const core::Time end = std::min(session.expires_at, session.created_at + lifetimes.absolute);
  return end > now ? std::min(most, std::chrono::ceil<core::Seconds>(end - now)) : most;
}

// Why the clock ends it; absent while it lives. A shorter policy also bounds sessions that began before it.
inline std::optional<EndReason> expired(core::Time created_at, core::Time last_active_at, core::Time expires_at,
                                        const Lifetimes& lifetimes, core::Time now) {
  if (now >= std::min(expires_at, created_at + lifetimes.absolute)) return EndReason::absolute;
  if (now >= last_active_at + lifetimes.idle) return EndReason::idle;
  return std::nullopt;
}

// Uses of one that impersonates are not written: it ends at its time alone.
inline std::optional<EndReason> expired(const Session& s, const Lifetimes& lifetimes, core::Time now) {
  return expired(s.created_at, s.impersonator ? now : s.last_active_at, s.expires_at, lifetimes, now);
}

}  // namespace sessions
