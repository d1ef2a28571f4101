#include "sessions/session_store_sql.h"

#include <charconv>

#include "storage/database.h"

namespace sessions {
namespace {

#define SESSION_COLUMNS                                                                                            \
  "id, user_id, secret, generation, rotations, answered_to, amr, device_name, platform, app_version, user_agent, " \
  "device_id, "                                                                                                    \
  "ip_address, created_at, last_active_at, refreshed_at, expires_at, ended_at, end_reason"

std::string join(const std::vector<core::Time>& times) {
  std::string out;
  for (core::Time time : times) out += (out.empty() ? "" : " ") + std::to_string(core::to_millis(time));
  return out;
}

std::vector<core::Time> split(std::string_view text) {
  std::vector<core::Time> times;
  for (const char* at = text.begin(); at < text.end();) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(at, text.end(), value);
    if (error != std::errc{}) break;
    times.push_back(core::from_millis(value));
    at = end + 1;
  }
  return times;
}

std::optional<End> read_end(const storage::Row& row) {
  if (row.null(17)) return std::nullopt;
  return End{row.time(17), core::from_text<EndReason>(row.text(18)).value_or(EndReason::admin)};
}

Session read(const storage::Row& row) {
  const auto secret = row.bytes(2);
  return {.id = row.id<SessionId>(0),
          .user = row.id<accounts::UserId>(1),
          .secret = crypto::Secret(std::string(secret.begin(), secret.end())),
          .rotation = {row.number(3), split(row.text(4)), std::string(row.text(5))},
          .amr = std::string(row.text(6)),
          .device = {.name = row.text_or_null(7),
                     .platform = row.text_or_null(8),
                     .app_version = row.text_or_null(9),
                     .user_agent = row.text_or_null(10),
                     .device_id = row.text_or_null(11)},
          .ip_address = std::string(row.text(12)),
          .created_at = row.time(13),
          .last_active_at = row.time(14),
          .refreshed_at = row.time(15),
          .expires_at = row.time(16),
          .end = read_end(row)};
}

std::vector<Session> read_all(const storage::Rows& rows) {
  std::vector<Session> sessions;
  for (storage::Row row : rows) sessions.push_back(read(row));
  return sessions;
}

std::optional<Session> read_one(const storage::Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(read(rows[0]));
}

class SqlStore final : public Store {
 public:
  core::Result<> create(core::Tx& tx, const Session& s) override {
    return storage::sql(tx).send("INSERT INTO sessions (" SESSION_COLUMNS
                                 ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
                                 "$12, $13, $14, $15, $16, $17, NULL, NULL)",
                                 s.id, s.user, s.secret.bytes(), s.rotation.generation, join(s.rotation.times),
                                 s.rotation.answered_to, s.amr, s.device.name, s.device.platform, s.device.app_version,
                                 s.device.user_agent, s.device.device_id, s.ip_address, s.created_at, s.last_active_at,
                                 s.refreshed_at, s.expires_at);
  }

  core::Result<std::optional<Session>> find(core::Tx& tx, SessionId id) override {
    return read_one(TRY(storage::sql(tx).query("SELECT " SESSION_COLUMNS " FROM sessions WHERE id = $1", id)));
  }

  core::Result<std::optional<Session>> lock(core::Tx& tx, SessionId id) override {
    return read_one(
        TRY(storage::sql(tx).query("SELECT " SESSION_COLUMNS " FROM sessions WHERE id = $1 FOR UPDATE", id)));
  }

  core::Result<std::vector<Session>> list(core::Tx& tx, accounts::UserId user, const Page& page) override {
    const auto [at, id] = page.after.value_or(std::pair(core::from_millis(INT64_MAX), SessionId{}));
    return read_all(
        TRY(storage::sql(tx).query("SELECT " SESSION_COLUMNS
                                   " FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND (last_active_at < $2 OR "
                                   "(last_active_at = $2 AND id < $3)) ORDER BY last_active_at DESC, id DESC LIMIT $4",
                                   user, at, id, page.limit)));
  }

  core::Result<std::vector<SessionId>> end(core::Tx& tx, accounts::UserId user, std::optional<SessionId> only,
                                           std::optional<SessionId> except, EndReason reason) override {
    auto& db = storage::sql(tx);
    const auto why = core::to_text(reason);
    const auto rows =
        only ? TRY(db.query(
                   "UPDATE sessions SET ended_at = usher_now(), end_reason = $2 WHERE id = $3 AND user_id = $1 AND "
                   "ended_at IS NULL RETURNING id",
                   user, why, *only))
             : TRY(db.query(
                   "UPDATE sessions SET ended_at = usher_now(), end_reason = $2 WHERE user_id = $1 AND id <> $3 AND "
                   "ended_at IS NULL RETURNING id",
                   user, why, except.value_or(SessionId{})));
    std::vector<SessionId> ids;
    for (storage::Row row : rows) ids.push_back(row.id<SessionId>(0));
    return ids;
  }

  core::Result<bool> expire(core::Tx& tx, SessionId id, EndReason reason, const Lifetimes& lifetimes,
                            core::Seconds slack) override {
    const auto millis = [](core::Seconds s) { return int64_t{s.count()} * 1000; };
    const auto rows = TRY(storage::sql(tx).query(
        "UPDATE sessions SET ended_at = usher_now(), end_reason = $2 WHERE id = $1 AND ended_at IS NULL AND "
        "(last_active_at + $3 + $5 <= usher_now() OR expires_at + $5 <= usher_now() OR created_at + $4 + $5 <= "
        "usher_now())",
        id, core::to_text(reason), millis(lifetimes.idle), millis(lifetimes.absolute), millis(slack)));
    return rows.changed() == 1;
  }

  core::Result<> rotate(core::Tx& tx, const Session& s) override {
    return storage::sql(tx).send(
        "UPDATE sessions SET generation = $2, rotations = $3, answered_to = $4, ip_address = $5, refreshed_at = $6, "
        "last_active_at = $7 WHERE id = $1 AND generation < $2 AND ended_at IS NULL",
        s.id, s.rotation.generation, join(s.rotation.times), s.rotation.answered_to, s.ip_address, s.refreshed_at,
        s.last_active_at);
  }

  core::Result<> touch(core::Tx& tx, const std::vector<Touch>& touches) override {
    for (const auto& touch : touches)
      TRY(storage::sql(tx).send(
          "UPDATE sessions SET last_active_at = greatest(last_active_at, least($2, usher_now())) WHERE id = $1 AND "
          "last_active_at < $2 AND ended_at IS NULL",
          touch.id, touch.at));
    return {};
  }

  core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) override {
    return TRY(storage::sql(tx).query(
                   "DELETE FROM sessions WHERE id IN (SELECT id FROM (SELECT id FROM sessions WHERE ended_at < $1 "
                   "UNION ALL "
                   "SELECT id FROM sessions WHERE ended_at IS NULL AND expires_at < $1) AS finished LIMIT $2)",
                   before, limit))
        .changed();
  }

  core::Result<int64_t> count_live(core::Tx& tx) override {
    return TRY(storage::sql(tx).query(
        "SELECT count(*) FROM sessions WHERE ended_at IS NULL AND expires_at > usher_now()"))[0]
        .number(0);
  }
};

}  // namespace

std::unique_ptr<Store> create_sql_store() { return std::make_unique<SqlStore>(); }

}  // namespace sessions
