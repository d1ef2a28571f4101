// Owns: copies of sessions outside of the store, which the nodes of a fleet make for each other.
// Does not own: whether one may be believed (changes/recent_changes.h, checker.cc).
// Thread rule: any worker thread.
#pragma once
#include <span>

#include "access/role_store.h"
#include "changes/change_store.h"
#include "crypto/digest.h"
#include "sessions/session.h"

namespace sessions {

// What the check of a living session needs, as it was read from the store. Nothing of it is secret or personal.
struct Copy {
  SessionId session;
  accounts::UserId user;
  core::Time created_at, expires_at, last_active_at, proofs_from;
  roles::UserRoles roles;  // of each assignment the role and its expiry
  core::Time read_at;
  changes::Cursor seen;  // what its reader knew of changes before he read
};

// With a MAC under `key`, so that nobody else makes one: absent when there is anything else.
std::string to_bytes(const Copy& copy, const crypto::HmacKey& key);
std::optional<Copy> copy_of(SessionId session, std::string_view bytes, const crypto::HmacKey& key);

class Copies {
 public:
  virtual ~Copies() = default;
  // Those that there are, in any order; none when nobody can be asked.
  virtual std::vector<Copy> find(std::span<const SessionId> sessions) = 0;
  // Replaces earlier ones, a moment later. It may fail: a copy that is missing costs a read of the store.
  virtual void put(std::vector<Copy> copies) = 0;
};

}  // namespace sessions
