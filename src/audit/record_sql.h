// Owns: the columns of an event, and reading them.
// Thread rule: inside a transaction's function.
#pragma once
#include "audit/event.h"
#include "storage/database.h"

#define RECORD_COLUMNS \
  "id, at, action, actor, subject, session_id, actor_session, ip_address, request_id, detail, device"

namespace audit {

inline Record read_record(const storage::Row& row) {
  return {.id = row.uuid(0),
          .at = row.time(1),
          .event = {.action = std::string(row.text(2)),
                    .subject = row.uuid_or_null(4),
                    .session = row.uuid_or_null(5),
                    .detail = std::string(row.text(9))},
          .origin = {.ip_address = std::string(row.text(7)),
                     .request_id = std::string(row.text(8)),
                     .actor = row.uuid_or_null(3),
                     .session = row.uuid_or_null(6),
                     .device = std::string(row.text(10))}};
}

inline std::vector<Record> read_records(const storage::Rows& rows) {
  std::vector<Record> records;
  records.reserve(rows.size());
  for (storage::Row row : rows) records.push_back(read_record(row));
  return records;
}

}  // namespace audit
