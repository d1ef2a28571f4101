// Owns: the interface to what tables hold of a user that he may have a copy of.
// Does not own: the names of it in the API (export_store_sql.cc has both in one table).
// Thread rule: any worker thread, inside a Tx.
#pragma once
#include "accounts/user.h"
#include "core/unit_of_work.h"

namespace self {

class ExportStore {
 public:
  virtual ~ExportStore() = default;
  // The members of a JSON object, each with a comma behind it: an array of rows for each kind, the newest first, and
  // `truncated`, the names of those of which there are more than `limit` rows.
  virtual core::Result<std::string> read(core::Tx& tx, accounts::UserId user, int64_t limit) = 0;
};

}  // namespace self
