// Owns: the notice "reload this", written in the transaction that it describes.
// Does not own: what is reloaded; features subscribe (change_feed.h).
// Thread rule: values.
#pragma once
#include <array>

#include "core/fields.h"

namespace changes {

// `roles` and `keys` concern everything of their kind; their key is all zeros.
enum class Kind { session, user, roles, keys };
constexpr std::array<core::Name<Kind>, 4> names_of(Kind) {
  return {{{Kind::session, "session"}, {Kind::user, "user"}, {Kind::roles, "roles"}, {Kind::keys, "keys"}}};
}

// A key to reload, never a state to apply: applying it twice or late is harmless.
struct Change {
  Kind kind;
  core::Uuid key{};
  bool operator==(const Change&) const = default;
};

}  // namespace changes
