// Owns: making the Store that keeps codes in SQL.
// Thread rule: any worker thread.
#pragma once
#include <memory>

#include "verification/code_store.h"

namespace verification {

std::unique_ptr<Store> create_sql_store();

}  // namespace verification
