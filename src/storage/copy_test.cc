#include "storage/copy.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "storage/lines.h"
#include "tests/support/databases.h"

namespace storage {
namespace {

const std::vector<uint8_t> ada(16, 0xAD), phone(16, 0x01), sealed = {0, 1, 255, 0};

struct CopyTest : testing::Test {
  core::FakeClock clock;
  std::unique_ptr<Database> sqlite = support::open_test_sqlite(clock), postgres = support::open_test_postgres();

  void SetUp() override {
    if (!postgres) GTEST_SKIP() << "skipped: no PostgreSQL";
  }
  static void fill(Database& database) {
    ASSERT_TRUE(database.atomically([](core::Tx& tx) -> core::Result<> {
      auto& db = sql(tx);
      TRY(db.query(
          "INSERT INTO users (id, email, email_key, first_name, last_name, account_type, password_hash, created_at) "
          "VALUES ($1, 'Ada@example.org', 'ada@example.org', $2, '', 'INDIVIDUAL', '$argon2id$x', 7)",
          ada, "Zoë \"𝒜\" '"));
      TRY(db.query(
          "INSERT INTO sessions (id, user_id, secret, amr, device_name, ip_address, created_at, last_active_at, "
          "refreshed_at, expires_at) VALUES ($1, $2, $3, 'pwd', NULL, '::1', 1, 2, 3, $4)",
          phone, ada, sealed, int64_t{1} << 50));
      TRY(db.query(
          "INSERT INTO roles (name, description, seeded, created_at) VALUES ('a', '', 1, 1), ('b', '', 0, 1)"));
      TRY(db.query("INSERT INTO role_inherits (role, inherits) VALUES ('a', 'b')"));
      TRY(db.query("UPDATE role_graph SET stamp = 'stamped'"));
      for (int64_t i = 0; i < 12'000; ++i)
        TRY(db.query("INSERT INTO role_permissions (role, permission) VALUES ('a', $1)", "x:" + std::to_string(i)));
      return {};
    }));
  }
  // Every row of every copied table, as text.
  static std::string content(Database& database) {
    std::string out;
    const auto read = database.reading([&](core::Tx& tx) -> core::Result<> {
      for (const Table& table : copied_tables()) {
        out += std::string(table.name) + '\n';
        for (Row row :
             TRY(sql(tx).query("SELECT * FROM " + std::string(table.name) + " ORDER BY " + std::string(table.key))))
          out += line(row);
      }
      return {};
    });
    EXPECT_TRUE(read);
    return out;
  }
  static std::string line(const Row& row) {
    std::string out;
    for (int i = 0; i < row.columns(); ++i) {
      const Param value = row.as_param(i);
      out += std::to_string(value.index()) + ':';
      if (const auto* number = std::get_if<int64_t>(&value)) out += std::to_string(*number);
      if (const auto* text = std::get_if<std::string_view>(&value)) out += *text;
      if (const auto* bytes = std::get_if<Bytes>(&value)) out.append(bytes->begin(), bytes->end());
      out += '|';
    }
    return out + '\n';
  }
};

TEST_F(CopyTest, ThereAndBackEveryRowIsTheSame) {
  fill(*sqlite);
  const auto copied = copy(*sqlite, *postgres);
  ASSERT_TRUE(copied) << copied.error().cause << copied.error().detail;
  EXPECT_EQ(content(*postgres), content(*sqlite));
  const auto back = support::open_test_sqlite(clock);
  ASSERT_TRUE(copy(*postgres, *back));
  EXPECT_EQ(content(*back), content(*sqlite));
  for (const auto& table : *copied)
    if (table.table == "role_permissions") EXPECT_EQ(table.rows, 12'000);
}

TEST_F(CopyTest, WhatIsNotEmptyIsLeftAsItIs) {
  fill(*sqlite);
  ASSERT_TRUE(postgres->atomically([](core::Tx& tx) {
    return sql(tx).query("INSERT INTO roles (name, description, seeded, created_at) VALUES ('own', '', 1, 1)");
  }));
  const std::string before = content(*postgres);
  const auto refused = copy(*sqlite, *postgres);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("roles"), std::string::npos);
  EXPECT_EQ(content(*postgres), before);
}

// A trigger refuses the last table: nothing of the first ones stays.
TEST_F(CopyTest, ACopyThatFailsLeavesNothing) {
  fill(*sqlite);
  ASSERT_TRUE(sqlite->atomically([](core::Tx& tx) {
    return sql(tx).query(
        "INSERT INTO audit_events (id, at, action, ip_address, request_id, detail) VALUES ($1, 1, 'x', '', '', '')",
        ada);
  }));
  ASSERT_TRUE(postgres->atomically(
      [](core::Tx& tx) { return sql(tx).query("ALTER TABLE audit_events ADD CONSTRAINT never CHECK (at < 0)"); }));
  const std::string before = content(*postgres);
  EXPECT_FALSE(copy(*sqlite, *postgres));
  EXPECT_EQ(content(*postgres), before);
}

TEST_F(CopyTest, AsLinesOfJsonEveryRowIsTheSame) {
  fill(*sqlite);
  std::stringstream lines;
  const auto written = write_lines(*sqlite, lines);
  ASSERT_TRUE(written);
  const std::string text = lines.str();
  EXPECT_NE(text.find(R"("first_name":"Zoë \"𝒜\" '")"), std::string::npos);
  EXPECT_NE(text.find(R"("secret":"AAH/AA==")"), std::string::npos);
  EXPECT_NE(text.find(R"("id":"adadadad-adad-adad-adad-adadadadadad")"), std::string::npos);
  const auto read = read_lines(lines, *postgres);
  ASSERT_TRUE(read) << read.error().detail << read.error().cause;
  EXPECT_EQ(*read, *written);
  EXPECT_EQ(content(*postgres), content(*sqlite));
}

TEST_F(CopyTest, LinesThatAreNotAnExportAreRefusedAndNamed) {
  fill(*sqlite);
  std::stringstream out;
  ASSERT_TRUE(write_lines(*sqlite, out));
  const std::string good = out.str(), before = content(*postgres);
  const auto refusal = [&](const std::string& text) {
    std::stringstream in(text);
    const auto read = read_lines(in, *postgres);
    EXPECT_EQ(content(*postgres), before);
    return read ? "taken" : read.error().detail;
  };
  const auto changed = [&](std::string_view old, std::string_view now) {
    std::string text = good;
    return text.replace(text.find(old), old.size(), now);
  };
  EXPECT_EQ(refusal(""), "line 1 is missing: the file is not whole");
  EXPECT_EQ(refusal("{}\n"), "line 1 is not the beginning of an export");
  EXPECT_TRUE(refusal(changed("\"schema\":", "\"schema\":9")).starts_with("line 1 names another schema"));
  EXPECT_TRUE(refusal(good.substr(0, good.rfind("{\"end"))).ends_with("is missing: the file is not whole"));
  EXPECT_TRUE(refusal(changed("\"end\":", "\"end\":1")).ends_with("the file is not whole"));
  EXPECT_TRUE(refusal(good + good).ends_with("is not the last"));
  EXPECT_EQ(refusal(changed("\"users\"", "\"user\"")), "line 2 is neither a row of a known table nor the end");
  EXPECT_EQ(refusal(changed("\"created_at\":7", "\"created_at\":\"7\"")),
            "line 2 lacks a right value of users.created_at");
  EXPECT_EQ(refusal(changed("\"created_at\":7", "\"made_at\":7")), "line 2 lacks a right value of users.created_at");
  EXPECT_EQ(refusal(changed("AAH/AA==", "AAH/AB==")), "line 3 lacks a right value of sessions.secret");
  EXPECT_TRUE(refusal(changed("\"last_name\":\"\"", "\"last_name\":null")).starts_with("line 2 does not fit: "));
}

// The pages and the lines name columns; the schema has them.
TEST_F(CopyTest, EveryColumnIsNamedInTheOrderOfTheSchema) {
  for (const Table& table : copied_tables()) {
    const auto rows = sqlite->reading(
        [&](core::Tx& tx) { return sql(tx).query("SELECT name FROM pragma_table_info($1)", table.name); });
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), table.columns.size()) << table.name;
    for (size_t i = 0; i < rows->size(); ++i) EXPECT_EQ((*rows)[i].text(0), table.columns[i].name);
  }
}

TEST_F(CopyTest, EveryTableIsCopiedOrNamedHere) {
  std::set<std::string, std::less<>> known = {"schema_migrations", "changes", "sqlite_sequence"};
  for (const Table& table : copied_tables()) known.emplace(table.name);
  const auto all = sqlite->reading(
      [](core::Tx& tx) { return sql(tx).query("SELECT name FROM sqlite_schema WHERE type = 'table'"); });
  ASSERT_TRUE(all);
  for (Row row : *all) EXPECT_TRUE(known.contains(row.text(0))) << row.text(0);
}

}  // namespace
}  // namespace storage
