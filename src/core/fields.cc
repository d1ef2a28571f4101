#include "core/fields.h"

#include <algorithm>

namespace core {

namespace json = boost::json;

bool check_length(Decoder& d, std::string_view text, const Rule& rule) {
  const size_t length = count_code_points(text).value_or(0);
  if (length < rule.min) return d.refuse("too_short", "must be at least " + std::to_string(rule.min) + " characters");
  if (length > rule.max) return d.refuse("too_long", "must be at most " + std::to_string(rule.max) + " characters");
  return true;
}

bool check_text(Decoder& d, std::string_view text, const Rule& rule) {
  if (text.contains('\0')) return d.refuse("invalid_character", "must not hold U+0000");
  return check_length(d, text, rule);
}

bool JsonType<std::string>::decode(Decoder& d, const json::value& v, const Rule& rule, std::string& out) {
  if (!v.is_string()) return d.refuse("wrong_type", "must be a string");
  out = std::string_view(v.get_string());
  return check_text(d, out, rule);
}

std::string JsonType<std::string>::schema(Schemas&, const Rule& rule) {
  std::string out = R"({"type":"string")";
  if (rule.min) out += ",\"minLength\":" + std::to_string(rule.min);
  if (rule.max != Rule{}.max) out += ",\"maxLength\":" + std::to_string(rule.max);
  return out + '}';
}

bool JsonType<bool>::decode(Decoder& d, const json::value& v, const Rule&, bool& out) {
  if (!v.is_bool()) return d.refuse("wrong_type", "must be true or false");
  return out = v.get_bool(), true;
}

bool JsonType<int64_t>::decode(Decoder& d, const json::value& v, const Rule&, int64_t& out) {
  if (!v.is_int64()) return d.refuse("wrong_type", "must be a whole number");
  return out = v.get_int64(), true;
}

bool JsonType<Time>::decode(Decoder& d, const json::value& v, const Rule&, Time& out) {
  const auto time = v.is_string() ? parse_iso8601(v.get_string()) : std::nullopt;
  if (!time) return d.refuse("invalid_time", "must be a time such as 2026-01-31T12:00:00.000Z");
  return out = *time, true;
}

bool JsonType<Uuid>::decode(Decoder& d, const json::value& v, const Rule&, Uuid& out) {
  const auto id = v.is_string() ? Uuid::parse(v.get_string()) : std::nullopt;
  if (!id) return d.refuse("invalid_id", "must be a UUID");
  return out = *id, true;
}

bool refuse_unknown(Decoder& d, const json::object& object, const std::vector<std::string_view>& names) {
  bool good = true;
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::ranges::find(names, key) != names.end()) continue;
    d.errors.push_back(
        {d.path.empty() ? std::string(key) : d.path + '.' + std::string(key), "unknown_field", "is not known here"});
    d.unknown = true;
    good = false;
  }
  return good;
}

std::string object_schema(
    const std::vector<std::tuple<std::string_view, std::string, std::string_view, bool>>& properties) {
  std::string list, required;
  for (const auto& [name, schema, doc, needed] : properties) {
    if (!list.empty()) list += ',';
    append_json_string(list, name);
    list += R"(:{"description":)";
    append_json_string(list, doc);
    // A schema is an object; its members are placed behind the description.
    list += ',' + schema.substr(1);
    if (!needed) continue;
    if (!required.empty()) required += ',';
    append_json_string(required, name);
  }
  return R"({"type":"object","additionalProperties":false,"properties":{)" + list + R"(},"required":[)" + required +
         "]}";
}

Error field_errors(Decoder decoder) {
  const Code code = decoder.unknown ? Code::unknown_field : Code::validation_failed;
  return Error{.code = code, .fields = std::move(decoder.errors)};
}

}  // namespace core
