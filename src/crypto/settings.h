// Owns: how secrets and algorithms are read from JSON and from settings.
// Thread rule: as core/fields.h and core/settings.h.
#pragma once
#include "core/settings.h"
#include "crypto/jwk.h"
#include "crypto/secret.h"

namespace crypto {

constexpr std::array<core::Name<Algorithm>, 4> names_of(Algorithm) {
  return {{{Algorithm::ES256, "ES256"},
           {Algorithm::EdDSA, "EdDSA"},
           {Algorithm::RS256, "RS256"},
           {Algorithm::HS256, "HS256"}}};
}

}  // namespace crypto

namespace core {

// Passwords are any text: U+0000 is theirs to use. There is no encode() but the one for tokens, which are given out.
template <>
struct JsonType<crypto::Secret> {
  static bool decode(Decoder& d, const boost::json::value& v, const Rule& rule, crypto::Secret& out) {
    if (!v.is_string()) return d.refuse("wrong_type", "must be a string");
    out = crypto::Secret(std::string(std::string_view(v.get_string())));
    return check_length(d, out.expose(), rule);
  }
  static void encode(std::string& out, const crypto::Secret& value) { append_json_string(out, value.expose()); }
  static std::string schema(Schemas& s, const Rule& rule) { return JsonType<std::string>::schema(s, rule); }
};

template <>
struct SettingType<crypto::Secret> {
  static constexpr std::string_view name = "secret text";
  static constexpr bool secret = true;
  static Result<> parse(std::string_view text, const SettingRule& rule, crypto::Secret& out) {
    TRY(check_bounds(static_cast<int64_t>(text.size()), rule, " characters"));
    out = crypto::Secret(std::string(text));
    return {};
  }
  static std::string show(const crypto::Secret& value) { return value.empty() ? "" : "(set)"; }
};

}  // namespace core
