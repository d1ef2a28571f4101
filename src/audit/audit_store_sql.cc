#include "audit/audit_store_sql.h"

#include <mutex>

#include "audit/record_sql.h"

namespace audit {
namespace {

constexpr core::Uuid last_id = [] {
  core::Uuid id;
  id.bytes.fill(0xFF);
  return id;
}();

class SqlStore final : public Store {
 public:
  SqlStore(crypto::Random& random, const core::Clock& clock, int64_t most_read)
      : random_(random), clock_(clock), most_read_(most_read) {}

  core::Result<> append(core::Tx& tx, const Event& event, const Origin& origin) override {
    const core::Time now = clock_.now();
    return storage::sql(tx).send(
        "INSERT INTO audit_events (id, at, action, actor, subject, session_id, actor_session, ip_address, request_id, "
        "detail, device) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        next_id(now), now, event.action, origin.actor, event.subject, event.session, origin.session, origin.ip_address,
        origin.request_id, event.detail, origin.device);
  }

  core::Result<Page> list(core::Tx& tx, const Filter& filter) override {
    Filter within = filter;
    const auto end = TRY(end_of_page(tx, filter));
    if (end) within.from = end;
    Page page{TRY(find(tx, within)), end};
    if (std::ssize(page.records) == filter.limit) page.next = page.records.back().id;
    return page;
  }

 private:
  // Where to stop reading when an index leads to the events of a subject only.
  core::Result<std::optional<core::Uuid>> end_of_page(core::Tx& tx, const Filter& filter) {
    const bool all = !filter.actor && !filter.session && !filter.action && !filter.ip_address && filter.actions.empty();
    if (filter.subject || all) return std::nullopt;
    const auto rows = TRY(storage::sql(tx).query(
        "SELECT id FROM audit_events WHERE id < $1 AND id >= $2 ORDER BY id DESC LIMIT 1 OFFSET $3",
        filter.before.value_or(last_id), filter.from.value_or(core::Uuid{}), most_read_ - 1));
    return rows.empty() ? std::nullopt : std::optional(rows[0].uuid(0));
  }

  static core::Result<std::vector<Record>> find(core::Tx& tx, const Filter& filter) {
    std::string sql = "SELECT " RECORD_COLUMNS " FROM audit_events WHERE ";
    std::vector<storage::Param> params;
    const auto where = [&](std::string_view condition, const auto& value) {
      if (!value) return;
      params.push_back(storage::param(*value));
      sql.append(condition).append("$").append(std::to_string(params.size())).append(" AND ");
    };
    where("subject = ", filter.subject);
    where("actor = ", filter.actor);
    where("session_id = ", filter.session);
    where("action = ", filter.action);
    where("ip_address = ", filter.ip_address);
    where("id < ", filter.before);
    where("id >= ", filter.from);
    append_actions(sql, params, filter.actions);
    params.push_back(filter.limit);
    // An id begins with its time; `at` is what the index of subjects is ordered by.
    sql += "1 = 1 ORDER BY ";
    sql += filter.subject ? "at DESC, id DESC" : "id DESC";
    sql += " LIMIT $" + std::to_string(params.size());
    return read_records(TRY(storage::sql(tx).execute(sql, params)));
  }

  static void append_actions(std::string& sql, std::vector<storage::Param>& params,
                             const std::vector<std::string>& actions) {
    if (actions.empty()) return;
    sql += "action IN (";
    for (const auto& action : actions) {
      params.push_back(storage::param(action));
      sql += (&action == actions.data() ? "$" : ", $") + std::to_string(params.size());
    }
    sql += ") AND ";
  }

  // Events of one process keep their order within a millisecond, too (RFC 9562 section 6.2, method 1).
  core::Uuid next_id(core::Time now) {
    core::Uuid id = random_.uuid7(now);
    const std::lock_guard lock(mutex_);
    count_ = now == last_ ? count_ + 1 : 0;
    last_ = now;
    id.bytes[6] = static_cast<uint8_t>(0x70 | (count_ >> 8 & 0x0F));
    id.bytes[7] = static_cast<uint8_t>(count_);
    return id;
  }

  std::mutex mutex_;
  core::Time last_{};
  uint32_t count_ = 0;
  crypto::Random& random_;
  const core::Clock& clock_;
  const int64_t most_read_;
};

}  // namespace

std::unique_ptr<Store> create_sql_store(crypto::Random& random, const core::Clock& clock, int64_t most_read) {
  return std::make_unique<SqlStore>(random, clock, most_read);
}

}  // namespace audit
