#include "core/json.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>

namespace core {
namespace {

std::optional<std::filesystem::path> vectors(std::string_view folder) {
  const char* set = std::getenv("USHER_VECTORS");
  const auto path = std::filesystem::path(set ? set : USHER_SOURCE_DIR "/../shared/vectors") / folder;
  return std::filesystem::exists(path) ? std::optional(path) : std::nullopt;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What was read, or the code of the refusal.
std::string reading(std::string_view text) {
  const auto value = parse_json(text);
  return value ? boost::json::serialize(*value) : std::string(row(value.error().code).name);
}

std::string nested(size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(Json, ReadsOneValue) {
  EXPECT_EQ(reading(R"( {"a":[1,-2.5,true,null,"\u00e9\ud83d\ude00"]} )"), R"({"a":[1,-2.5E0,true,null,"é😀"]})");
  for (const std::string text : {"",
                                 " ",
                                 "{} x",
                                 "{}{}",
                                 "[1,]",
                                 "{\"a\":1,}",
                                 "// x\n{}",
                                 "{'a':1}",
                                 "NaN",
                                 "01",
                                 "+1",
                                 "\"\x01\"",
                                 "\"\\x\"",
                                 "\xEF\xBB\xBF{}",
                                 "\"\xff\"",
                                 "\"\\ud800\"",
                                 "\"\\ud800\\u0041\"",
                                 "[",
                                 "\"a",
                                 "tru"})
    EXPECT_EQ(reading(text), "malformed_json") << text;
}

TEST(Json, RefusesAKeyTwice) {
  EXPECT_EQ(reading(R"({"a":1,"a":1})"), "duplicate_key");
  EXPECT_EQ(reading(R"({"a":1,"\u0061":2})"), "duplicate_key");
  EXPECT_EQ(reading(R"({"x":{"a":1,"b":{},"a":2}})"), "duplicate_key");
  EXPECT_EQ(reading(R"([{"a":1},{"a":{"a":1}}])"), R"([{"a":1},{"a":{"a":1}}])");
}

TEST(Json, BoundsItsDepth) {
  EXPECT_EQ(reading(nested(32)), nested(32));
  EXPECT_EQ(reading(nested(33)), "malformed_json");
  EXPECT_EQ(reading(std::string(60'000, '[')), "malformed_json");
}

TEST(Json, ReadsTheSuiteAsItSays) {
  const auto folder = vectors("json");
  if (!folder) GTEST_SKIP() << "skipped: no vectors";
  int valid = 0, refused = 0, either = 0;
  for (const auto& file : std::filesystem::directory_iterator(*folder / "test_parsing")) {
    const auto name = file.path().filename().string();
    const auto text = read(file.path());
    const auto value = parse_json(text);
    switch (name[0]) {
      case 'y':
        ++valid;
        // I-JSON forbids what the suite allows: a name twice (RFC 7493 section 2.3).
        EXPECT_TRUE(value || (value.error().code == Code::duplicate_key && name.starts_with("y_object_duplicated_key")))
            << name;
        break;
      case 'n':
        ++refused;
        EXPECT_FALSE(value) << name;
        break;
      default:
        ++either;
        EXPECT_EQ(reading(text), reading(text)) << name;
    }
  }
  std::printf("JSONTestSuite: %d valid, %d refused, %d either way\n", valid, refused, either);
}

TEST(Json, ReadsTheTransformSetTheSameTwice) {
  const auto folder = vectors("json");
  if (!folder) GTEST_SKIP() << "skipped: no vectors";
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator(*folder / "test_transform")) {
    const auto text = read(file.path());
    const auto first = reading(text);
    EXPECT_EQ(first, reading(text));
    if (file.path().filename().string().starts_with("object_same_key"))
      EXPECT_EQ(first, "duplicate_key") << file.path();
    // What was read and written is read as the same.
    if (const auto value = parse_json(text)) EXPECT_EQ(reading(first), first) << file.path();
    ++count;
  }
  std::printf("JSONTestSuite: %d transformations\n", count);
}

}  // namespace
}  // namespace core
