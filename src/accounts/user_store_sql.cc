#include "accounts/user_store_sql.h"

#include "accounts/user_row_sql.h"

namespace accounts {

User read_user(const storage::Row& row, int first) {
  return {.id = row.id<UserId>(first),
          .email = std::string(row.text(first + 1)),
          .email_key = std::string(row.text(first + 2)),
          .first_name = std::string(row.text(first + 3)),
          .last_name = std::string(row.text(first + 4)),
          .account_type = core::from_text<AccountType>(row.text(first + 5)).value_or(AccountType::individual),
          .password_hash = std::string(row.text(first + 6)),
          .auth_epoch = row.number(first + 7),
          .email_verified_at = row.time_or_null(first + 8),
          .disabled_at = row.time_or_null(first + 9),
          .deleted_at = row.time_or_null(first + 10),
          .created_at = row.time(first + 11),
          .delete_after = row.time_or_null(first + 12)};
}

namespace {

#define USER_COLUMNS USHER_USER_COLUMNS("")

std::optional<User> read_one(const storage::Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(read_user(rows[0]));
}

// A LIKE pattern for texts that hold `part`; ! is the escape.
std::string containing(std::string_view part) {
  std::string pattern = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + '%';
}

// What `disabled` asks for: 0 and 1 are compared with the row, 2 is any.
int64_t wanted(std::optional<bool> disabled) { return disabled ? *disabled : 2; }

class SqlStore final : public Store {
 public:
  core::Result<bool> create(core::Tx& tx, const User& u) override {
    const auto rows =
        TRY(storage::sql(tx).query(
            "INSERT INTO users (" USER_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
            "ON CONFLICT (email_key) DO NOTHING",
            u.id, u.email, u.email_key, u.first_name, u.last_name, core::to_text(u.account_type), u.password_hash,
            u.auth_epoch, u.email_verified_at, u.disabled_at, u.deleted_at, u.created_at, u.delete_after));
    return rows.changed() == 1;
  }

  core::Result<std::optional<User>> find(core::Tx& tx, UserId id) override {
    return read_one(TRY(storage::sql(tx).query("SELECT " USER_COLUMNS " FROM users WHERE id = $1", id)));
  }

  core::Result<std::optional<User>> find_by_email(core::Tx& tx, std::string_view email_key) override {
    return read_one(TRY(storage::sql(tx).query("SELECT " USER_COLUMNS " FROM users WHERE email_key = $1", email_key)));
  }

  core::Result<std::optional<User>> lock(core::Tx& tx, UserId id) override {
    return read_one(TRY(storage::sql(tx).query("SELECT " USER_COLUMNS " FROM users WHERE id = $1 FOR UPDATE", id)));
  }

  core::Result<bool> update(core::Tx& tx, const User& u) override {
    const auto rows = TRY(storage::sql(tx).query(
        "UPDATE users SET email = $2, email_key = $3, first_name = $4, last_name = $5, account_type = $6, "
        "password_hash = $7, auth_epoch = $8, email_verified_at = $9, disabled_at = $10, deleted_at = $11, "
        "delete_after = $12 WHERE id = $1 "
        "AND NOT EXISTS (SELECT 1 FROM users AS other WHERE other.email_key = $3 AND other.id <> $1)",
        u.id, u.email, u.email_key, u.first_name, u.last_name, core::to_text(u.account_type), u.password_hash,
        u.auth_epoch, u.email_verified_at, u.disabled_at, u.deleted_at, u.delete_after));
    return rows.changed() == 1;
  }

  core::Result<std::vector<User>> list(core::Tx& tx, const UserFilter& filter) override {
    const auto rows = TRY(
        storage::sql(tx).query("SELECT " USER_COLUMNS " FROM users WHERE deleted_at IS NULL "
                               "AND (lower(email) LIKE lower($1) ESCAPE '!' OR lower(first_name || ' ' || last_name) "
                               "LIKE lower($1) ESCAPE '!') "
                               "AND ($2 = 2 OR $2 = CASE WHEN disabled_at IS NULL THEN 0 ELSE 1 END) "
                               "AND ($3 = 0 OR (created_at, id) < (SELECT created_at, id FROM users WHERE id = $4)) "
                               "ORDER BY created_at DESC, id DESC LIMIT $5",
                               containing(filter.search), wanted(filter.disabled), int64_t{filter.after.has_value()},
                               filter.after.value_or(UserId{}), filter.limit));
    std::vector<User> users;
    for (storage::Row row : rows) users.push_back(read_user(row));
    return users;
  }
};

}  // namespace

std::unique_ptr<Store> create_sql_store() { return std::make_unique<SqlStore>(); }

}  // namespace accounts
