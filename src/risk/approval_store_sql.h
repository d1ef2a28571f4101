// Owns: risk::ApprovalStore on SQL.
#pragma once
#include <memory>

#include "risk/approval_store.h"

namespace risk {

std::unique_ptr<ApprovalStore> create_sql_approval_store();

}  // namespace risk
