// Owns: making the Store that keeps letters in SQL.
// Thread rule: any worker thread.
#pragma once
#include <memory>

#include "mail/mail_store.h"

namespace mail {

std::unique_ptr<Store> create_sql_store();

}  // namespace mail
