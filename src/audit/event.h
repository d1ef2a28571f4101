// Owns: what is recorded of a security event, and where a call came from.
// Does not own: who reads it (admin/).
// Thread rule: values.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/id.h"

namespace audit {

// Where a use case was called from; services pass it through untouched.
struct Origin {
  std::string ip_address;  // empty: the command line or the server itself
  std::string request_id;
  std::optional<core::Uuid> actor;    // the user who acts; absent before sign-in
  std::optional<core::Uuid> session;  // the session they act in
  std::string device = {};            // by which a sign-in was tried, "Chrome on macOS"; empty: see the session
};

// `action` is a constant such as "session.created"; `detail` is public text without secrets.
struct Event {
  std::string action;
  std::optional<core::Uuid> subject;  // the user it happened to
  std::optional<core::Uuid> session;  // the session it happened to
  std::string detail = {};
};

// An event as it was recorded.
struct Record {
  core::Uuid id;
  core::Time at;
  Event event;
  Origin origin;
};

}  // namespace audit
