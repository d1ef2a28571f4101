// Owns: risk::NoticeStore on SQL.
#pragma once
#include <memory>

#include "risk/notice_store.h"

namespace risk {

std::unique_ptr<NoticeStore> create_sql_notice_store();

}  // namespace risk
