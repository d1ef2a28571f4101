// Owns: self::EmailChangeStore on SQL.
#pragma once
#include <memory>

#include "self/email_change_store.h"

namespace self {

std::unique_ptr<EmailChangeStore> create_sql_email_change_store();

}  // namespace self
