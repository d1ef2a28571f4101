#include "audit/audit_store_sql.h"

#include "storage/database.h"

namespace audit {
namespace {

Record read(const storage::Row& row) {
  return {.id = row.uuid(0),
          .at = row.time(1),
          .event = {.action = std::string(row.text(2)),
                    .subject = row.uuid_or_null(4),
                    .session = row.uuid_or_null(5),
                    .detail = std::string(row.text(9))},
          .origin = {.ip_address = std::string(row.text(7)),
                     .request_id = std::string(row.text(8)),
                     .actor = row.uuid_or_null(3),
                     .session = row.uuid_or_null(6)}};
}

class SqlStore final : public Store {
 public:
  SqlStore(crypto::Random& random, const core::Clock& clock) : random_(random), clock_(clock) {}

  core::Result<> append(core::Tx& tx, const Event& event, const Origin& origin) override {
    const core::Time now = clock_.now();
    return storage::sql(tx).send(
        "INSERT INTO audit_events (id, at, action, actor, subject, session_id, actor_session, ip_address, request_id, "
        "detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        random_.uuid7(now), now, event.action, origin.actor, event.subject, event.session, origin.session,
        origin.ip_address, origin.request_id, event.detail);
  }

  core::Result<std::vector<Record>> list(core::Tx& tx, const core::Uuid& subject, int64_t limit) override {
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT id, at, action, actor, subject, session_id, actor_session, ip_address, request_id, detail "
        "FROM audit_events WHERE subject = $1 ORDER BY at DESC, id DESC LIMIT $2",
        subject, limit));
    std::vector<Record> records;
    for (storage::Row row : rows) records.push_back(read(row));
    return records;
  }

 private:
  crypto::Random& random_;
  const core::Clock& clock_;
};

}  // namespace

std::unique_ptr<Store> create_sql_store(crypto::Random& random, const core::Clock& clock) {
  return std::make_unique<SqlStore>(random, clock);
}

}  // namespace audit
