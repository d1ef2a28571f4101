#include "sessions/session_store_sql.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <map>

#include "access/user_roles_sql.h"
#include "accounts/user_row_sql.h"

namespace sessions {
namespace {

// `t` is the table's alias with its dot, or nothing.
#define COLUMNS(t)                                                                                                     \
  t "id, " t "user_id, " t "secret, " t "generation, " t "rotations, " t "answered_to, " t "amr, " t "device_name, " t \
    "platform, " t "app_version, " t "user_agent, " t "device_id, " t "ip_address, " t "created_at, " t                \
    "last_active_at, " t "refreshed_at, " t "expires_at, " t "ended_at, " t "end_reason, " t "authenticated_at, " t    \
    "proofs_from, " t "impersonator_session"
#define SESSION_COLUMNS COLUMNS("")
constexpr int session_columns = 22, first_of_roles = session_columns + accounts::user_columns;
constexpr size_t rotation_columns = 7;

// SKIP LOCKED skips rows of the join: when the lock is released meanwhile, some of a user's roles could be missing.
constexpr std::string_view roles_counted = ", (SELECT count(*) FROM role_assignments AS c WHERE c.user_id = s.user_id)";

// Of `count` sessions with their users and the roles of these: a row for each role, or one.
std::string text_for(size_t count, std::string_view more_columns, std::string_view lock) {
  std::string text = "SELECT " COLUMNS("s.") ", ";
  text += USHER_USER_COLUMNS("u.");
  text += ", " USHER_USER_ROLES_COLUMNS;
  text += more_columns;
  text += " FROM sessions AS s JOIN users AS u ON u.id = s.user_id CROSS JOIN ";
  text += USHER_USER_ROLES_JOIN("u.id");
  text += " WHERE g.id = 1 AND s.id IN (";
  for (size_t i = 1; i <= count; ++i) text += (i == 1 ? "$" : ", $") + std::to_string(i);
  return (text += ')') += lock;
}

// "(VALUES ($1, $2), ($3, $4))" calls its columns column1, column2, … on both engines.
std::string rotation_text(size_t count) {
  std::string text =
      "UPDATE sessions SET generation = v.column2, rotations = v.column3, answered_to = v.column4, "
      "ip_address = v.column5, refreshed_at = v.column6, last_active_at = v.column7 FROM (VALUES ";
  for (size_t i = 0; i < count * rotation_columns; ++i) {
    text += i % rotation_columns ? ", $" : i ? "), ($" : "($";
    text += std::to_string(i + 1);
  }
  return text += ")) AS v WHERE id = v.column1 AND generation < v.column2 AND ended_at IS NULL";
}

// Few texts, so that each connection prepares few: for 1, 2, 4, … sessions.
using Texts = std::array<std::string, std::bit_width(most_at_once - 1) + 1>;
template <class TextFor>
Texts texts_for(TextFor text_for) {
  Texts made;
  for (size_t i = 0; i < made.size(); ++i) made[i] = text_for(size_t{1} << i);
  return made;
}
const std::string& text_among(const Texts& texts, size_t count) { return texts.at(std::bit_width(count - 1)); }

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
          .authenticated_at = row.time_or_null(19).value_or(row.time(13)),
          .proofs_from = row.time_or_null(20).value_or(core::Time{}),
          .expires_at = row.time(16),
          .impersonator = row.null(21) ? std::nullopt : std::optional(row.id<SessionId>(21)),
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

std::vector<Whole> read_wholes(const storage::Rows& rows) {
  std::vector<Whole> found;
  for (storage::Row row : rows) {
    auto at = std::ranges::find(found, row.id<SessionId>(0), [](const Whole& whole) { return whole.session.id; });
    if (at == found.end()) at = found.insert(at, {read(row), accounts::read_user(row, session_columns), {}});
    roles::add_row(at->roles, row, first_of_roles);
  }
  return found;
}

// Those whose rows hold all that `roles_counted` counted.
std::vector<Whole> read_complete(const storage::Rows& rows) {
  std::map<SessionId, int64_t> held;
  for (storage::Row row : rows) held[row.id<SessionId>(0)] = row.number(first_of_roles + roles::user_roles_columns);
  auto found = read_wholes(rows);
  std::erase_if(found, [&](const Whole& w) { return std::ssize(w.roles.assignments) != held.at(w.session.id); });
  return found;
}

core::Result<storage::Rows> query_whole(core::Tx& tx, const Texts& texts, std::span<const SessionId> ids) {
  std::vector<storage::Param> params;
  for (const auto& id : ids) params.push_back(storage::param(id));
  params.resize(std::bit_ceil(ids.size()), params.back());  // a repeated id changes nothing
  return storage::sql(tx).execute(text_among(texts, ids.size()), params);
}

class SqlStore final : public Store {
 public:
  core::Result<> create(core::Tx& tx, const Session& s) override {
    const auto proofs = s.proofs_from == core::Time{} ? std::nullopt : std::optional(s.proofs_from);
    return storage::sql(tx).send("INSERT INTO sessions (" SESSION_COLUMNS
                                 ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
                                 "$12, $13, $14, $15, $16, $17, NULL, NULL, $18, $19, $20)",
                                 s.id, s.user, s.secret.bytes(), s.rotation.generation, join(s.rotation.times),
                                 s.rotation.answered_to, s.amr, s.device.name, s.device.platform, s.device.app_version,
                                 s.device.user_agent, s.device.device_id, s.ip_address, s.created_at, s.last_active_at,
                                 s.refreshed_at, s.expires_at, s.authenticated_at, proofs, s.impersonator);
  }

  core::Result<std::optional<Session>> find(core::Tx& tx, SessionId id) override {
    return read_one(TRY(storage::sql(tx).query("SELECT " SESSION_COLUMNS " FROM sessions WHERE id = $1", id)));
  }

  core::Result<std::vector<Whole>> find_whole(core::Tx& tx, std::span<const SessionId> ids) override {
    static const Texts texts = texts_for([](size_t count) { return text_for(count, "", ""); });
    return read_wholes(TRY(query_whole(tx, texts, ids)));
  }

  core::Result<std::optional<Whole>> lock(core::Tx& tx, SessionId id) override {
    static const std::string text = text_for(1, "", " FOR UPDATE OF s");
    auto found = read_wholes(TRY(storage::sql(tx).query(text, id)));
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  }

  core::Result<std::vector<Whole>> lock_free(core::Tx& tx, std::span<const SessionId> ids) override {
    static const Texts texts =
        texts_for([](size_t count) { return text_for(count, roles_counted, " FOR UPDATE OF s SKIP LOCKED"); });
    return read_complete(TRY(query_whole(tx, texts, ids)));
  }

  core::Result<std::vector<Session>> list(core::Tx& tx, accounts::UserId user, const Page& page) override {
    const auto [at, id] = page.after.value_or(std::pair(core::from_millis(INT64_MAX), SessionId{}));
    return read_all(
        TRY(storage::sql(tx).query("SELECT " SESSION_COLUMNS
                                   " FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND (last_active_at < $2 OR "
                                   "(last_active_at = $2 AND id < $3)) AND (impersonator_session IS NULL OR $5 = 0) "
                                   "ORDER BY last_active_at DESC, id DESC LIMIT $4",
                                   user, at, id, page.limit, int64_t{page.own})));
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

  core::Result<> rotate(core::Tx& tx, std::span<const Session* const> sessions) override {
    static const Texts texts = texts_for(rotation_text);
    std::vector<std::string> times;
    for (const Session* s : sessions) times.push_back(join(s->rotation.times));
    std::vector<storage::Param> params;
    for (size_t i = 0; i < std::bit_ceil(sessions.size()); ++i) {
      const size_t at = std::min(i, sessions.size() - 1);  // a repeated row changes nothing
      const Session& s = *sessions[at];
      for (const storage::Param& one :
           {storage::param(s.id), storage::param(s.rotation.generation), storage::param(times[at]),
            storage::param(s.rotation.answered_to), storage::param(s.ip_address), storage::param(s.refreshed_at),
            storage::param(s.last_active_at)})
        params.push_back(one);
    }
    return storage::sql(tx).post(text_among(texts, sessions.size()), params);
  }

  core::Result<> authenticate(core::Tx& tx, const Session& s) override {
    return storage::sql(tx).send(
        "UPDATE sessions SET authenticated_at = $2, amr = $3 WHERE id = $1 AND ended_at IS NULL", s.id,
        s.authenticated_at, s.amr);
  }

  core::Result<> take_back_proofs(core::Tx& tx, accounts::UserId user, std::optional<SessionId> except,
                                  core::Time from) override {
    return storage::sql(tx).send(
        "UPDATE sessions SET proofs_from = $3 WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL", user,
        except.value_or(SessionId{}), from);
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
