// Owns: a copy of what is stored of a user, for himself (GDPR articles 15 and 20).
// Does not own: what that is (export_store_sql.cc).
// Thread rule: worker threads.
#pragma once
#include "audit/audit_store.h"
#include "self/export_store.h"

namespace self {

class Export {
 public:
  struct Parts {
    core::Transactor& transactor;
    ExportStore& rows;
    audit::Store& audit;
    const core::Clock& clock;
  };
  explicit Export(const Parts& parts) : parts_(parts) {}

  // JSON, of one moment; it goes on record.
  core::Result<std::string> make(accounts::UserId user, const audit::Origin& origin);

  static constexpr int64_t most_rows = 10'000;  // of a kind

 private:
  const Parts parts_;
};

}  // namespace self
