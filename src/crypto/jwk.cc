#include "crypto/jwk.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "core/json.h"
#include "core/utf8.h"
#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace crypto {
namespace {

namespace json = boost::json;

struct Family {
  Algorithm algorithm;
  std::string_view name, kty, crv;  // `crv` is empty where there is no such member
  core::Result<PrivateKeyPtr> (*generate)(Random&);
  core::Result<PrivateKeyPtr> (*read)(const Secret&);
  core::Result<PublicKeyPtr> (*from_jwk)(const json::object&);
};

// In the order of the enumeration.
constexpr Family families[] = {
    {Algorithm::ES256, "ES256", "EC", "P-256", generate_es256, read_es256, es256_from_jwk},
    {Algorithm::EdDSA, "EdDSA", "OKP", "Ed25519", generate_eddsa, read_eddsa, eddsa_from_jwk},
    {Algorithm::RS256, "RS256", "RSA", "", generate_rs256, read_rs256, rs256_from_jwk},
    {Algorithm::HS256, "HS256", "oct", "", generate_hs256, read_hs256, hs256_from_jwk},
};

constexpr std::string_view secret_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
constexpr size_t max_kid_size = 256;

const Family& family(Algorithm algorithm) { return families[static_cast<size_t>(algorithm)]; }

// Absent when there is no such member, or it is no string.
std::optional<std::string_view> text_member(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

bool holds_secret(const json::object& jwk) {
  return std::ranges::any_of(secret_members, [&](auto member) { return jwk.contains(member); });
}

// Also when the member is there in another type: that is never what was meant.
bool is_absent_or(const json::object& jwk, std::string_view member, std::string_view expected) {
  return !jwk.contains(member) || text_member(jwk, member) == expected;
}

bool allows_verifying(const json::object& jwk) {
  if (!is_absent_or(jwk, "use", "sig")) return false;
  const json::value* operations = jwk.if_contains("key_ops");
  if (!operations) return true;
  return operations->is_array() &&
         std::ranges::any_of(operations->get_array(), [](const json::value& v) { return v == "verify"; });
}

core::Result<const Family*> family_of(const json::object& jwk) {
  const auto kty = text_member(jwk, "kty");
  for (const Family& candidate : families) {
    if (kty != candidate.kty) continue;
    if (!candidate.crv.empty() && text_member(jwk, "crv") != candidate.crv) continue;
    if (!is_absent_or(jwk, "alg", candidate.name)) return bad_key("alg does not fit the type");
    return &candidate;
  }
  return bad_key("unknown kty or crv");
}

core::Result<std::string> kid_of(const json::object& jwk, const PublicKey& key) {
  if (!jwk.contains("kid")) return key.kid();
  const auto kid = text_member(jwk, "kid");
  if (!kid || kid->empty() || kid->size() > max_kid_size) return bad_key("kid is not text of 1 to 256 bytes");
  return std::string(*kid);
}

core::Result<json::object> parse_object(std::string_view text) {
  auto value = core::parse_json(text);
  if (!value || !value->is_object()) return bad_key("not a JSON object without duplicate members");
  return std::move(value->get_object());
}

}  // namespace

std::string_view name(Algorithm algorithm) { return family(algorithm).name; }

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  for (const Family& candidate : families) {
    if (candidate.name == name) return candidate.algorithm;
  }
  return std::nullopt;
}

core::Result<std::vector<uint8_t>> bytes_member(const json::object& jwk, std::string_view member) {
  const auto text = text_member(jwk, member);
  if (!text) return bad_key("member " + std::string(member) + " is missing");
  auto bytes = base64url_decode(*text);
  if (!bytes) return bad_key("member " + std::string(member) + " is not base64url");
  return *std::move(bytes);
}

std::string PublicKey::kid() const { return base64url_encode(sha256(thumbprint_json())); }

core::Result<VerifyKey> VerifyKey::from_jwk(std::string_view text) {
  const json::object jwk = TRY(parse_object(text));
  if (holds_secret(jwk)) return bad_key("it holds private or symmetric members");
  if (!allows_verifying(jwk)) return bad_key("it is not for verifying");
  const Family* found = TRY(family_of(jwk));
  if (found->algorithm == Algorithm::HS256) return bad_key("it is symmetric");
  PublicKeyPtr key = TRY(found->from_jwk(jwk));
  std::string kid = TRY(kid_of(jwk, *key));
  return VerifyKey(found->algorithm, std::move(kid), std::move(key));
}

core::Result<VerifyKey> VerifyKey::from_symmetric_jwk(std::string_view text) {
  const json::object jwk = TRY(parse_object(text));
  if (!allows_verifying(jwk)) return bad_key("it is not for verifying");
  const Family* found = TRY(family_of(jwk));
  if (found->algorithm != Algorithm::HS256) return bad_key("it is not symmetric");
  PublicKeyPtr key = TRY(found->from_jwk(jwk));
  std::string kid = TRY(kid_of(jwk, *key));
  return VerifyKey(found->algorithm, std::move(kid), std::move(key));
}

bool VerifyKey::verify(Bytes input, Bytes signature) const { return key_->verify(input, signature); }

std::string VerifyKey::public_jwk() const {
  std::string out = key_->thumbprint_json();
  if (out.empty()) return out;
  out.pop_back();
  out += R"(,"kid":)";
  core::append_json_string(out, kid_);
  out.append(R"(,"alg":")").append(name(algorithm_)).append(R"(","use":"sig"})");
  return out;
}

core::Result<std::vector<VerifyKey>> parse_key_set(std::string_view text) {
  const json::object set = TRY(parse_object(text));
  const json::value* members = set.if_contains("keys");
  if (!members || !members->is_array()) return bad_key("no key set");
  std::vector<VerifyKey> out;
  for (const json::value& member : members->get_array()) {
    if (!member.is_object()) return bad_key("a member of the key set is no object");
    if (holds_secret(member.get_object())) return bad_key("the key set holds private or symmetric keys");
    auto key = VerifyKey::from_jwk(json::serialize(member));
    if (!key) continue;
    if (std::ranges::find(out, key->kid(), &VerifyKey::kid) != out.end()) return bad_key("a kid is there twice");
    out.push_back(*std::move(key));
  }
  return out;
}

SigningKey::SigningKey(VerifyKey verify_key, PrivateKeyPtr key)
    : verify_key_(std::move(verify_key)), key_(std::move(key)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::of(Algorithm algorithm, PrivateKeyPtr key) {
  PublicKeyPtr public_key = key->public_key();
  std::string kid = public_key->kid();
  return {VerifyKey(algorithm, std::move(kid), std::move(public_key)), std::move(key)};
}

core::Result<SigningKey> SigningKey::generate(Algorithm algorithm, Random& random) {
  return of(algorithm, TRY(family(algorithm).generate(random)));
}

core::Result<SigningKey> SigningKey::from_private(Algorithm algorithm, const Secret& serialised) {
  return of(algorithm, TRY(family(algorithm).read(serialised)));
}

Secret SigningKey::private_bytes() const { return key_->serialise(); }

core::Result<std::vector<uint8_t>> SigningKey::sign(Bytes input) const { return key_->sign(input); }

}  // namespace crypto
