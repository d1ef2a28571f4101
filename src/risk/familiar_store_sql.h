// Owns: risk::FamiliarStore on SQL.
#pragma once
#include <memory>

#include "risk/familiar_store.h"

namespace risk {

std::unique_ptr<FamiliarStore> create_sql_familiar_store();

}  // namespace risk
