// Owns: the description of a struct's fields, said once, from which decode, validation, encode and schema follow.
// Does not own: HTTP (http/route.h uses it), settings (core/settings.h).
// Thread rule: pure functions on values.
//
//   struct Login {
//     std::string email;
//     std::optional<Device> device;
//     static constexpr std::string_view name = "Login";           // the schema's name
//     static constexpr auto fields() {
//       return std::tuple{field("email", &Login::email, "The account's address.", length(3, 254)),
//                         field("deviceInfo", &Login::device, "The device that signs in.")};
//     }
//   };
//
// Absence: a std::optional may be missing or null, everything else must be there. Unknown fields are refused.
#pragma once
#include <boost/json/value.hpp>
#include <map>
#include <tuple>
#include <variant>

#include "core/clock.h"
#include "core/id.h"
#include "core/result.h"
#include "core/utf8.h"

namespace core {

// Lengths count Unicode code points of strings and items of lists.
struct Rule {
  size_t min = 0, max = 65'536;
};
constexpr Rule length(size_t min, size_t max) { return {min, max}; }

template <class S, class T>
struct Field {
  std::string_view name;
  T S::* member;
  std::string_view doc;
  Rule rule;
};
template <class S, class T>
constexpr Field<S, T> field(std::string_view name, T S::* member, std::string_view doc, Rule rule = {}) {
  return {name, member, doc, rule};
}

template <class T>
concept Described = requires {
  T::fields();
  T::name;
};

// An enum names its values for JSON and settings by an overload found by ADL:
//   constexpr std::array<core::Name<E>, N> names_of(E) { return {{{E::a, "A"}, …}}; }
template <class E>
struct Name {
  E value;
  std::string_view text;
};
template <class T>
concept Named = requires(T value) { names_of(value); };

template <Named E>
std::string_view to_text(E value) {
  for (const auto& name : names_of(E{}))
    if (name.value == value) return name.text;
  return "";
}
template <Named E>
std::optional<E> from_text(std::string_view text) {
  for (const auto& name : names_of(E{}))
    if (name.text == text) return name.value;
  return std::nullopt;
}

// Where decoding is, and what it refused so far.
struct Decoder {
  std::vector<FieldError> errors;
  std::string path;
  bool unknown = false;
  bool refuse(std::string code, std::string message) {
    errors.push_back({path, std::move(code), std::move(message)});
    return false;
  }
};

// The schemas (JSON Schema 2020-12, as OpenAPI 3.1 uses it) of every struct that was met, by name.
using Schemas = std::map<std::string, std::string>;

// How a C++ type is written in JSON. Specialise it for a new kind of value:
//   static bool decode(Decoder&, const boost::json::value&, const Rule&, T& out);   false after refuse()
//   static void encode(std::string& out, const T&);
//   static std::string schema(Schemas&, const Rule&);
template <class T>
struct JsonType;

bool check_length(Decoder& decoder, std::string_view text, const Rule& rule);
// The same of what is stored or logged: U+0000 is refused, since neither logs nor PostgreSQL can hold it.
bool check_text(Decoder& decoder, std::string_view text, const Rule& rule);

template <>
struct JsonType<std::string> {
  static bool decode(Decoder&, const boost::json::value&, const Rule&, std::string&);
  static void encode(std::string& out, const std::string& value) { append_json_string(out, value); }
  static std::string schema(Schemas&, const Rule&);
};
template <>
struct JsonType<bool> {
  static bool decode(Decoder&, const boost::json::value&, const Rule&, bool&);
  static void encode(std::string& out, bool value) { out += value ? "true" : "false"; }
  static std::string schema(Schemas&, const Rule&) { return R"({"type":"boolean"})"; }
};
template <>
struct JsonType<int64_t> {
  static bool decode(Decoder&, const boost::json::value&, const Rule&, int64_t&);
  static void encode(std::string& out, int64_t value) { out += std::to_string(value); }
  static std::string schema(Schemas&, const Rule&) { return R"({"type":"integer"})"; }
};
template <>
struct JsonType<Time> {
  static bool decode(Decoder&, const boost::json::value&, const Rule&, Time&);
  static void encode(std::string& out, Time value) { append_json_string(out, iso8601(value)); }
  static std::string schema(Schemas&, const Rule&) { return R"({"type":"string","format":"date-time"})"; }
};
template <>
struct JsonType<Uuid> {
  static bool decode(Decoder&, const boost::json::value&, const Rule&, Uuid&);
  static void encode(std::string& out, const Uuid& value) { append_json_string(out, value.str()); }
  static std::string schema(Schemas&, const Rule&) { return R"({"type":"string","format":"uuid"})"; }
};
template <class Tag>
struct JsonType<Id<Tag>> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule& r, Id<Tag>& out) {
    return JsonType<Uuid>::decode(d, v, r, out.value);
  }
  static void encode(std::string& out, const Id<Tag>& id) { JsonType<Uuid>::encode(out, id.value); }
  static std::string schema(Schemas& s, const Rule& r) { return JsonType<Uuid>::schema(s, r); }
};
template <Named E>
struct JsonType<E> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule&, E& out) {
    const auto value = v.is_string() ? from_text<E>(std::string_view(v.get_string())) : std::nullopt;
    if (!value) return d.refuse("not_allowed", "must be one of " + list());
    return out = *value, true;
  }
  static void encode(std::string& out, E value) { append_json_string(out, to_text(value)); }
  static std::string schema(Schemas&, const Rule&) { return R"({"type":"string","enum":[)" + list() + "]}"; }

 private:
  static std::string list() {
    std::string all;
    for (const auto& name : names_of(E{})) all += (all.empty() ? "\"" : ",\"") + std::string(name.text) + '"';
    return all;
  }
};
template <class T>
struct JsonType<std::optional<T>> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule& r, std::optional<T>& out) {
    if (v.is_null()) return out = std::nullopt, true;
    return JsonType<T>::decode(d, v, r, out.emplace());
  }
  static void encode(std::string& out, const std::optional<T>& value) {
    value ? JsonType<T>::encode(out, *value) : void(out += "null");
  }
  static std::string schema(Schemas& s, const Rule& r) { return JsonType<T>::schema(s, r); }
};
template <class T>
struct JsonType<std::vector<T>> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule& r, std::vector<T>& out) {
    if (!v.is_array()) return d.refuse("wrong_type", "must be a list");
    const auto& items = v.get_array();
    if (items.size() < r.min) return d.refuse("too_few", "must hold at least " + std::to_string(r.min));
    if (items.size() > r.max) return d.refuse("too_many", "must hold at most " + std::to_string(r.max));
    const std::string path = d.path;
    bool good = true;
    for (size_t i = 0; i < items.size(); ++i) {
      d.path = path + '[' + std::to_string(i) + ']';
      good &= JsonType<T>::decode(d, items[i], {0, 256}, out.emplace_back());
    }
    d.path = path;
    return good;
  }
  static void encode(std::string& out, const std::vector<T>& items) {
    out += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i) out += ',';
      JsonType<T>::encode(out, items[i]);
    }
    out += ']';
  }
  static std::string schema(Schemas& s, const Rule&) {
    return R"({"type":"array","items":)" + JsonType<T>::schema(s, {0, 256}) + '}';
  }
};
template <class T>
struct JsonType<std::map<std::string, T>> {
  static void encode(std::string& out, const std::map<std::string, T>& items) {
    out += '{';
    for (const auto& [key, value] : items) {
      if (out.back() != '{') out += ',';
      append_json_string(out, key);
      out += ':';
      JsonType<T>::encode(out, value);
    }
    out += '}';
  }
  static std::string schema(Schemas& s, const Rule& r) {
    return R"({"type":"object","additionalProperties":)" + JsonType<T>::schema(s, r) + '}';
  }
};

// One of several answers; for answers only.
template <class... Ts>
struct JsonType<std::variant<Ts...>> {
  static void encode(std::string& out, const std::variant<Ts...>& value) {
    std::visit([&]<class T>(const T& one) { JsonType<T>::encode(out, one); }, value);
  }
  static std::string schema(Schemas& s, const Rule& r) {
    std::string all;
    ((all += (all.empty() ? "" : ",") + JsonType<Ts>::schema(s, r)), ...);
    return R"({"oneOf":[)" + all + "]}";
  }
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class S, class F>
void for_each_field(F&& f) {
  std::apply([&](const auto&... fields) { (f(fields), ...); }, S::fields());
}

template <class S, class T>
bool decode_field(Decoder& d, const boost::json::object& object, const Field<S, T>& field, S& out) {
  const std::string parent = d.path;
  d.path = parent.empty() ? std::string(field.name) : parent + '.' + std::string(field.name);
  const auto* value = object.if_contains(field.name);
  bool good = true;
  if (value) good = JsonType<T>::decode(d, *value, field.rule, out.*field.member);
  else if constexpr (!is_optional<T>) good = d.refuse("required", "is required");
  d.path = parent;
  return good;
}

// Adds an unknown_field error for each key that `names` does not hold.
bool refuse_unknown(Decoder& decoder, const boost::json::object& object, const std::vector<std::string_view>& names);
std::string object_schema(
    const std::vector<std::tuple<std::string_view, std::string, std::string_view, bool>>& properties);

template <Described S>
struct JsonType<S> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule&, S& out) {
    if (!v.is_object()) return d.refuse("wrong_type", "must be an object");
    const auto& object = v.get_object();
    std::vector<std::string_view> names;
    bool good = true;
    for_each_field<S>([&](const auto& field) {
      names.push_back(field.name);
      good &= decode_field(d, object, field, out);
    });
    return refuse_unknown(d, object, names) && good;
  }
  static void encode(std::string& out, const S& value) {
    out += '{';
    bool first = true;
    for_each_field<S>([&]<class T>(const Field<S, T>& field) {
      if constexpr (is_optional<T>)
        if (!(value.*field.member)) return;
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, field.name);
      out += ':';
      JsonType<T>::encode(out, value.*field.member);
    });
    out += '}';
  }
  static std::string schema(Schemas& s, const Rule&) {
    const std::string reference = R"({"$ref":"#/components/schemas/)" + std::string(S::name) + "\"}";
    if (s.contains(std::string(S::name))) return reference;
    s[std::string(S::name)] = "";
    std::vector<std::tuple<std::string_view, std::string, std::string_view, bool>> properties;
    for_each_field<S>([&]<class T>(const Field<S, T>& field) {
      properties.emplace_back(field.name, JsonType<T>::schema(s, field.rule), field.doc, !is_optional<T>);
    });
    s[std::string(S::name)] = object_schema(properties);
    return reference;
  }
};

// The error of a refused body: unknown_field when a field was unknown, else validation_failed; `errors` lists them all.
Error field_errors(Decoder decoder);

// A body as S. Errors: malformed_json, duplicate_key, unknown_field, validation_failed.
Result<boost::json::value> parse_json(std::string_view text);
template <class S>
Result<S> decode(std::string_view text) {
  const auto value = TRY(parse_json(text));
  Decoder decoder;
  S out{};
  if (!JsonType<S>::decode(decoder, value, {}, out)) return std::unexpected(field_errors(std::move(decoder)));
  return out;
}

template <class S>
std::string encode(const S& value) {
  std::string out;
  JsonType<S>::encode(out, value);
  return out;
}

// One refused field, for rules that a service knows.
inline std::unexpected<Error> fail_field(std::string field, std::string code, std::string message,
                                         Code overall = Code::validation_failed) {
  return std::unexpected(Error{.code = overall, .fields = {{std::move(field), std::move(code), std::move(message)}}});
}

}  // namespace core
