#include "tokens/access_token.h"

#include "core/fields.h"
#include "core/json.h"

namespace tokens {
namespace {

namespace json = boost::json;

constexpr std::string_view type = "at+jwt", unknown_key = "unknown key";
constexpr int64_t last_second = 253'402'300'799;  // of year 9999

std::unexpected<core::Error> invalid(std::string cause) {
  return core::fail_because(core::Code::token_invalid, std::move(cause));
}

int64_t seconds(core::Time time) { return core::to_millis(time) / 1000; }

core::Result<core::Time> time_claim(const json::object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  if (!value || !value->is_int64() || value->get_int64() < 0 || value->get_int64() > last_second)
    return invalid("bad claim " + std::string(name));
  return core::from_millis(value->get_int64() * 1000);
}

core::Result<core::Uuid> id_claim(const json::object& claims, std::string_view name) {
  const auto* value = claims.if_contains(name);
  const auto id = value && value->is_string() ? core::Uuid::parse(value->get_string()) : std::nullopt;
  if (!id) return invalid("bad claim " + std::string(name));
  return *id;
}

bool is_text(const json::object& claims, std::string_view name, std::string_view expected) {
  const auto* value = claims.if_contains(name);
  return value && value->is_string() && std::string_view(value->get_string()) == expected;
}

// RFC 7519 section 4.1.5: where there is one, it counts.
core::Result<> check_not_before(const json::object& claims, core::Time now) {
  if (!claims.if_contains("nbf")) return {};
  if (now < TRY(time_claim(claims, "nbf"))) return invalid("not valid yet");
  return {};
}

core::Result<AccessClaims> read_claims(const json::object& claims, const Config& config) {
  if (!is_text(claims, "iss", config.issuer)) return invalid("another issuer");
  if (!is_text(claims, "aud", config.audience)) return invalid("another audience");
  return AccessClaims{
      .user = TRY(id_claim(claims, "sub")),
      .session = TRY(id_claim(claims, "sid")),
      .id = TRY(id_claim(claims, "jti")),
      .issued_at = TRY(time_claim(claims, "iat")),
      .expires_at = TRY(time_claim(claims, "exp")),
      .authenticated_at = claims.if_contains("auth_time") ? TRY(time_claim(claims, "auth_time")) : core::Time{}};
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  core::append_json_string(out, name);
  out += ':';
  core::append_json_string(out, text);
  out += ',';
}

}  // namespace

core::Result<crypto::Secret> issue_access_token(const KeySet& keys, const Config& config, const AccessClaims& claims) {
  const auto& key = keys.signer(claims.issued_at);
  std::string header = "{", payload = "{";
  append_member(header, "alg", crypto::name(key.algorithm()));
  append_member(header, "kid", key.kid());
  append_member(header, "typ", type);
  header.back() = '}';
  append_member(payload, "iss", config.issuer);
  append_member(payload, "sub", claims.user.str());
  append_member(payload, "aud", config.audience);
  payload += "\"iat\":" + std::to_string(seconds(claims.issued_at)) +
             ",\"exp\":" + std::to_string(seconds(claims.expires_at)) + ',';
  payload += "\"auth_time\":" + std::to_string(seconds(claims.authenticated_at)) +
             ",\"aal\":" + std::to_string(claims.aal) + ",\"amr\":" + core::encode(claims.amr) + ',';
  append_member(payload, "jti", claims.id.str());
  append_member(payload, "sid", claims.session.str());
  if (claims.actor) payload += "\"act\":{\"sub\":\"" + claims.actor->str() + "\"},";
  payload.back() = '}';
  return crypto::Secret(TRY(crypto::sign_compact(key, header, payload)));
}

core::Result<AccessClaims> verify_access_token(std::string_view token, const KeySet& keys, const Config& config,
                                               core::Time now) {
  const auto jws = TRY(crypto::parse_compact(token));
  if (jws.typ != type) return invalid("another type");
  if (!jws.kid) return invalid("no key id");
  const auto* key = keys.verifier(*jws.kid, now);
  if (!key) return invalid(std::string(unknown_key));
  TRY(crypto::verify(jws, *key));
  const auto payload = core::parse_json(jws.payload);
  if (!payload || !payload->is_object()) return invalid("no claims");
  const auto claims = TRY(read_claims(payload->get_object(), config));
  TRY(check_not_before(payload->get_object(), now));
  if (now >= claims.expires_at) return core::fail(core::Code::token_expired);
  return claims;
}

bool names_unknown_key(const core::Error& error) {
  return error.code == core::Code::token_invalid && error.cause == unknown_key;
}

}  // namespace tokens
