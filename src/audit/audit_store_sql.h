// Owns: the record of events in SQL.
// Thread rule: any worker thread.
#pragma once
#include <memory>

#include "audit/audit_store.h"
#include "crypto/random.h"

namespace audit {

// Both outlive the store. `most_read`: events that a page of what no index leads to looks through.
std::unique_ptr<Store> create_sql_store(crypto::Random& random, const core::Clock& clock, int64_t most_read = 50'000);

}  // namespace audit
