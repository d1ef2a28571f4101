#include "self/export.h"

#include "core/fields.h"

namespace self {

// On record first, and by itself: reading much must not hold up those who write.
core::Result<std::string> Export::make(accounts::UserId user, const audit::Origin& origin) {
  TRY(parts_.transactor.atomically(
      [&](core::Tx& tx) { return parts_.audit.append(tx, {"user.exported", user.value, {}, {}}, origin); }));
  const auto members =
      TRY(parts_.transactor.reading([&](core::Tx& tx) { return parts_.rows.read(tx, user, most_rows); }));
  return '{' + members + "\"exportedAt\":" + core::encode(core::iso8601(parts_.clock.now())) + '}';
}

}  // namespace self
