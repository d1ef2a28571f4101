// Owns: rows of sessions over SQL, both engines.
#pragma once
#include <memory>

#include "sessions/session_store.h"

namespace sessions {

std::unique_ptr<Store> create_sql_store();

}  // namespace sessions
