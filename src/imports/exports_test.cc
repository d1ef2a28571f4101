#include "imports/exports.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/json.h"
#include "imports/csv.h"
#include "imports/loose_json.h"

namespace imports {
namespace {

std::vector<CsvRow> rows(const std::string& text) {
  std::istringstream input(text);
  CsvReader reader(input);
  std::vector<CsvRow> all;
  while (auto row = reader.next()) all.push_back(reader.broken() ? CsvRow{"broken"} : *row);
  return all;
}

TEST(Csv, ReadsWhatRfc4180Allows) {
  using Rows = std::vector<CsvRow>;
  EXPECT_EQ(rows("a,b\r\nc,\"d,\"\"e\"\"\nf\"\n"), (Rows{{"a", "b"}, {"c", "d,\"e\"\nf"}}));
  EXPECT_EQ(rows("\xEF\xBB\xBF"
                 "a,\n,\"\""),
            (Rows{{"a", ""}, {"", ""}}));
  EXPECT_EQ(rows("\"a"), (Rows{{"broken"}}));
  EXPECT_EQ(rows("\"a\"b\nc"), (Rows{{"broken"}, {"c"}}));
  EXPECT_EQ(rows("a\"b\n"), (Rows{{"broken"}}));
}

TEST(LooseJson, ReadsTheTimesThatDatabasesWrite) {
  const auto time = core::parse_iso8601("2024-01-31T12:00:00.120Z");
  for (const char* text : {"2024-01-31 12:00:00.12+00", "2024-01-31T12:00:00.120999Z", "2024-01-31 17:30:00.12+05:30",
                           "2024-01-31 07:00:00.12-0500", "1706702400120"})
    EXPECT_EQ(parse_time(text), time) << text;
  for (const char* text :
       {"", "2024-02-30 00:00:00", "2024-01-31", "infinity", "-1", "2024-01-31 25:00:00", "2024-01-31T12:00:00+x"})
    EXPECT_FALSE(parse_time(text)) << text;
}

// Nothing that another system may write stops the import of the others.
TEST(Exports, MembersOfAnyTypeAreNoCrash) {
  for (const char* text :
       {"{}", R"({"id":1,"email":[],"credentials":{"password":7},"traits":"x","createdAt":true})",
        R"({"credentials":[1,{"type":"password"},{"type":"password","credentialData":"{","secretData":"[]"}]})",
        R"({"verifiable_addresses":[null,{"via":"email"}],"raw_user_meta_data":"[","passwordHash":"x"})"}) {
    const auto value = core::parse_json(text).value();
    for (Convert* convert : {from_keycloak, from_supabase, from_firebase, from_better_auth, from_kratos})
      convert(value.as_object(), {.now = core::Time()});
  }
}

TEST(Exports, WhoHasNoAddressIsLeftOut) {
  for (const char* text :
       {R"({"id":"1","phone":"15550100","email":null})", R"({"localId":"1","phoneNumber":"+15550100"})"}) {
    const auto value = core::parse_json(text).value();
    EXPECT_FALSE(from_supabase(value.as_object(), {.now = core::Time()}));
    EXPECT_FALSE(from_firebase(value.as_object(), {.now = core::Time()}));
  }
}

TEST(Exports, AHashConfigNamesWhatIsMissing) {
  const auto read = read_firebase_hash(
      "hash_config {\n base64_signer_key: a+b==,\n base64_salt_separator: Bw==,\n rounds: 8,\n mem_cost: 14,\n}");
  EXPECT_EQ(read->signer_key, "a+b==");
  EXPECT_EQ(read->mem_cost, "14");
  EXPECT_TRUE(read_firebase_hash("rounds: 8").error().detail.contains("base64_signer_key"));
}

}  // namespace
}  // namespace imports
