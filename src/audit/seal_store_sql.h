// Owns: rows of seals in SQL.
// Thread rule: any worker thread.
#pragma once
#include "audit/seal_store.h"

namespace audit {

std::unique_ptr<SealStore> create_sql_seal_store();

}  // namespace audit
