#include "self/export_store_sql.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "core/fields.h"
#include "core/json.h"
#include "core/text.h"
#include "storage/database.h"
#include "storage/tables.h"

namespace self {
namespace {

struct Part {
  std::string_view name, table, condition, order, columns;
};

// What others did is told without the places that they did it from.
constexpr std::array parts{
    Part{"account", "users", "id = $1", "id",
         "id email first_name last_name account_type email_verified_at disabled_at created_at delete_after"},
    Part{"roles", "role_assignments", "user_id = $1", "given_at DESC", "role given_at expires_at"},
    Part{"sessions", "sessions", "user_id = $1 AND impersonator_session IS NULL", "created_at DESC",
         "id device_name platform app_version user_agent device_id ip_address amr created_at last_active_at "
         "refreshed_at authenticated_at expires_at ended_at end_reason"},
    Part{"authenticator_apps", "totp_factors", "user_id = $1", "created_at", "created_at confirmed_at"},
    Part{"passkeys", "passkeys", "user_id = $1", "created_at DESC",
         "id name rp_id transports sign_count backup_eligible backed_up created_at last_used_at"},
    Part{"email_changes", "email_changes", "user_id = $1", "asked_at", "email asked_at mailed_at"},
    Part{"familiar", "familiar", "user_id = $1 AND trait <> 'known'", "last_at DESC", "trait last_at"},
    Part{"approvals", "approvals", "user_id = $1", "at DESC", "id state device ip_address at expires_at"},
    Part{"notices", "sign_in_notices", "user_id = $1", "at DESC", "session_id device ip_address at expires_at"},
    Part{"events", "audit_events", "subject = $1 AND (actor IS NULL OR actor = subject)", "id DESC",
         "id at action actor session_id ip_address request_id detail device"},
    Part{"events_by_others", "audit_events", "subject = $1 AND actor <> subject", "id DESC",
         "id at action actor session_id detail"}};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string_view> rest = text;
  while (const auto word = core::next_part(rest, ' ')) words.emplace_back(*word);
  return words;
}

std::string camel(std::string_view column) {
  std::string out;
  for (size_t i = 0; i < column.size(); ++i)
    out += column[i] == '_' ? static_cast<char>(std::toupper(static_cast<unsigned char>(column[++i]))) : column[i];
  return out;
}

struct Known {
  std::string key;
  storage::ColumnKind kind;
};

std::vector<Known> columns_of(const Part& part) {
  const auto table = std::ranges::find(storage::copied_tables(), part.table, &storage::Table::name);
  std::vector<Known> known;
  for (const auto& word : words_of(part.columns)) {
    const auto column = std::ranges::find(table->columns, word, &storage::Column::name);
    assert(column != table->columns.end());
    known.push_back({camel(word), column->kind});
  }
  return known;
}

std::string text_for(const Part& part) {
  std::string columns;
  for (const auto& word : words_of(part.columns)) columns += (columns.empty() ? "" : ", ") + word;
  return "SELECT " + columns + " FROM " + std::string(part.table) + " WHERE " + std::string(part.condition) +
         " ORDER BY " + std::string(part.order) + " LIMIT $2";
}

void append_value(std::string& out, const storage::Row& row, int i, storage::ColumnKind kind) {
  using enum storage::ColumnKind;
  if (row.null(i)) out += "null";
  else if (kind == number) out += std::to_string(row.number(i));
  else if (kind == time) core::append_json_string(out, core::iso8601(row.time(i)));
  else if (kind == uuid) core::append_json_string(out, row.uuid(i).str());
  else core::append_json_string(out, row.text(i));
}

void append_row(std::string& out, const storage::Row& row, const std::vector<Known>& columns) {
  out += '{';
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i) out += ',';
    core::append_json_string(out, columns[i].key);
    out += ':';
    append_value(out, row, static_cast<int>(i), columns[i].kind);
  }
  out += '}';
}

class SqlStore final : public ExportStore {
 public:
  core::Result<std::string> read(core::Tx& tx, accounts::UserId user, int64_t limit) override {
    std::string out;
    std::vector<std::string> truncated;
    for (const Part& part : parts) {
      const auto rows = TRY(storage::sql(tx).query(text_for(part), user, limit + 1));
      const std::string name = camel(part.name);
      const auto columns = columns_of(part);
      core::append_json_string(out, name);
      out += ":[";
      int64_t count = 0;
      for (storage::Row row : rows) {
        if (count++ == limit) {
          truncated.push_back(name);
          break;
        }
        if (count > 1) out += ',';
        append_row(out, row, columns);
      }
      out += "],";
    }
    return out + "\"truncated\":" + core::encode(truncated) + ',';
  }
};

}  // namespace

std::unique_ptr<ExportStore> create_sql_export_store() { return std::make_unique<SqlStore>(); }

std::map<std::string_view, std::set<std::string>> exported_columns() {
  std::map<std::string_view, std::set<std::string>> out;
  for (const Part& part : parts)
    for (const auto& word : words_of(part.columns)) out[part.table].insert(word);
  return out;
}

}  // namespace self
