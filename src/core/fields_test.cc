#include "core/fields.h"

#include <gtest/gtest.h>

namespace core {
namespace {

enum class Kind { person, company };
constexpr std::array<Name<Kind>, 2> names_of(Kind) { return {{{Kind::person, "PERSON"}, {Kind::company, "COMPANY"}}}; }

struct Device {
  std::string label;
  std::optional<int64_t> version;
  static constexpr std::string_view name = "Device";
  static constexpr auto fields() {
    return std::tuple{field("label", &Device::label, "What it is called.", length(1, 5)),
                      field("version", &Device::version, "Its version.")};
  }
};

struct Body {
  std::string text;
  bool flag = false;
  int64_t number = 0;
  Kind kind = Kind::person;
  std::optional<Device> device;
  std::vector<std::string> tags;
  std::optional<Time> at;
  std::optional<Uuid> id;
  static constexpr std::string_view name = "Body";
  static constexpr auto fields() {
    return std::tuple{field("text", &Body::text, "Some text.", length(2, 4)),
                      field("flag", &Body::flag, "A flag."),
                      field("number", &Body::number, "A number."),
                      field("kind", &Body::kind, "A kind."),
                      field("device", &Body::device, "A device."),
                      field("tags", &Body::tags, "Tags.", length(0, 2)),
                      field("at", &Body::at, "When."),
                      field("id", &Body::id, "Which.")};
  }
};

constexpr std::string_view whole =
    R"({"text":"abc","flag":true,"number":-7,"kind":"COMPANY","device":{"label":"x","version":3},)"
    R"("tags":["a","b"],"at":"2026-01-31T12:00:00.000Z","id":"0197f0e0-0000-7000-8000-000000000001"})";

// `whole` with one member replaced, or left out for an empty value.
std::string with(std::string_view member, std::string_view value) {
  auto object = parse_json(whole)->get_object();
  const boost::json::string_view key(member.data(), member.size());
  value.empty() ? void(object.erase(key)) : void(object[key] = *parse_json(value));
  std::string out = "{";
  for (const auto& [name, held] : object) {
    std::ostringstream text;
    text << held;
    out += (out.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":" + text.str();
  }
  return out + '}';
}

std::string refused(const std::string& text) {
  const auto body = decode<Body>(text);
  if (body) return "accepted";
  std::string out(row(body.error().code).name);
  for (const auto& error : body.error().fields) out += ' ' + error.field + '=' + error.code;
  return out;
}

TEST(Fields, DecodeAndEncodeAreInverse) {
  const auto body = decode<Body>(whole);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text, "abc");
  EXPECT_EQ(body->kind, Kind::company);
  EXPECT_EQ(body->device->version, 3);
  EXPECT_EQ(encode(*body), whole);
}

TEST(Fields, OptionalOnesMayBeMissingOrNull) {
  for (const auto member : {"device", "at", "id"})
    for (const auto value : {"", "null"}) EXPECT_EQ(refused(with(member, value)), "accepted") << member;
  for (const auto member : {"text", "flag", "number", "kind", "tags"}) {
    EXPECT_EQ(refused(with(member, "")), "validation_failed " + std::string(member) + "=required");
    EXPECT_NE(refused(with(member, "null")), "accepted") << member;
  }
}

TEST(Fields, EachFieldSaysWhatIsWrongWithIt) {
  struct Case {
    const char *member, *value, *expected;
  };
  for (const auto& [member, value, expected] :
       std::initializer_list<Case>{{"text", "1", "validation_failed text=wrong_type"},
                                   {"text", R"("a")", "validation_failed text=too_short"},
                                   {"text", R"("abcde")", "validation_failed text=too_long"},
                                   {"text", R"("éééé")", "accepted"},
                                   {"text", R"("a\u0000b")", "validation_failed text=invalid_character"},
                                   {"flag", "1", "validation_failed flag=wrong_type"},
                                   {"flag", R"("true")", "validation_failed flag=wrong_type"},
                                   {"number", "1.5", "validation_failed number=wrong_type"},
                                   {"number", R"("1")", "validation_failed number=wrong_type"},
                                   {"number", "9223372036854775808", "validation_failed number=wrong_type"},
                                   {"kind", R"("person")", "validation_failed kind=not_allowed"},
                                   {"device", "[]", "validation_failed device=wrong_type"},
                                   {"device", R"({"label":""})", "validation_failed device.label=too_short"},
                                   {"device", R"({"label":"x","more":1})", "unknown_field device.more=unknown_field"},
                                   {"tags", "{}", "validation_failed tags=wrong_type"},
                                   {"tags", R"(["a",1])", "validation_failed tags[1]=wrong_type"},
                                   {"tags", R"(["a","b","c"])", "validation_failed tags=too_many"},
                                   {"at", R"("yesterday")", "validation_failed at=invalid_time"},
                                   {"id", R"("x")", "validation_failed id=invalid_id"},
                                   {"more", "1", "unknown_field more=unknown_field"}})
    EXPECT_EQ(refused(with(member, value)), expected) << member << ' ' << value;
}

TEST(Fields, AllErrorsAreListed) {
  EXPECT_EQ(refused(R"({"text":1,"flag":1,"number":1,"kind":"PERSON","tags":[],"x":1})"),
            "unknown_field text=wrong_type flag=wrong_type x=unknown_field");
  EXPECT_EQ(refused("[]"), "validation_failed =wrong_type");
}

TEST(Fields, SchemasNameEveryStruct) {
  Schemas schemas;
  EXPECT_EQ(JsonType<Body>::schema(schemas, {}), R"({"$ref":"#/components/schemas/Body"})");
  ASSERT_EQ(schemas.size(), 2u);
  const auto body = parse_json(schemas["Body"]);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->at("required").as_array().size(), 5u);
  EXPECT_EQ(body->at("properties").at("text").at("maxLength").as_int64(), 4);
  EXPECT_EQ(body->at("properties").at("kind").at("enum").as_array().size(), 2u);
  EXPECT_FALSE(body->at("additionalProperties").as_bool());
  EXPECT_TRUE(parse_json(schemas["Device"]));
}

}  // namespace
}  // namespace core
