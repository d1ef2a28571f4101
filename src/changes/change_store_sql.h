// Owns: the outbox of changes over SQL, both engines.
#pragma once
#include <memory>

#include "changes/change_store.h"

namespace changes {

std::unique_ptr<Store> create_sql_store();

}  // namespace changes
