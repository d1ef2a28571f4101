#include "crypto/jws.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "core/json.h"
#include "crypto/base64url.h"

namespace crypto {
namespace {

namespace json = boost::json;
using core::Code;
using core::fail_because;

constexpr std::string_view refused_members[] = {"crit", "zip", "b64", "jku", "jwk", "x5u", "x5c"};

struct Parts {
  std::string_view header, payload, signature, signing_input;
};

std::optional<Parts> split(std::string_view token) {
  const size_t first = token.find('.');
  if (first == token.npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

core::Result<json::object> parse_header(std::string_view encoded) {
  const auto text = base64url_decode_text(encoded);
  if (!text) return fail_because(Code::token_malformed, "the header is not base64url");
  auto value = core::parse_json(*text);
  if (!value || !value->is_object()) return fail_because(Code::token_malformed, "the header is no strict JSON object");
  return std::move(value->get_object());
}

core::Result<Algorithm> algorithm_of(const json::object& header) {
  const json::value* alg = header.if_contains("alg");
  const auto algorithm = alg && alg->is_string() ? parse_algorithm(alg->get_string()) : std::nullopt;
  if (!algorithm) return fail_because(Code::token_invalid, "the algorithm is not allowed");
  return *algorithm;
}

core::Result<std::optional<std::string>> text_of(const json::object& header, std::string_view member) {
  const json::value* value = header.if_contains(member);
  if (!value) return std::nullopt;
  if (!value->is_string()) return fail_because(Code::token_invalid, std::string(member) + " is not text");
  return std::string(std::string_view(value->get_string()));
}

core::Result<CompactJws> read_header(std::string_view encoded) {
  const json::object header = TRY(parse_header(encoded));
  if (std::ranges::any_of(refused_members, [&](auto member) { return header.contains(member); })) {
    return fail_because(Code::token_invalid, "the header has a member that is not allowed");
  }
  CompactJws out{.algorithm = TRY(algorithm_of(header))};
  out.kid = TRY(text_of(header, "kid"));
  out.typ = TRY(text_of(header, "typ"));
  return out;
}

}  // namespace

core::Result<CompactJws> parse_compact(std::string_view token) {
  if (token.size() > max_compact_size) return fail_because(Code::token_malformed, "the token is too long");
  const auto parts = split(token);
  if (!parts) return fail_because(Code::token_malformed, "the token has not three parts");
  CompactJws out = TRY(read_header(parts->header));
  auto payload = base64url_decode_text(parts->payload);
  auto signature = base64url_decode(parts->signature);
  if (!payload || !signature || signature->empty()) {
    return fail_because(Code::token_malformed, "the payload or the signature is not base64url, or missing");
  }
  out.payload = *std::move(payload);
  out.signature = *std::move(signature);
  out.signing_input = parts->signing_input;
  return out;
}

core::Result<> verify(const CompactJws& token, const VerifyKey& key) {
  if (token.algorithm != key.algorithm()) return fail_because(Code::token_invalid, "alg is not that of the key");
  if (!key.verify(as_bytes(token.signing_input), token.signature)) {
    return fail_because(Code::token_invalid, "the signature is wrong");
  }
  return {};
}

core::Result<std::string> sign_compact(const SigningKey& key, std::string_view header_json,
                                       std::string_view payload_json) {
  constexpr size_t longest_signature = 700;  // RSA of 4096 bits in base64url
  std::string out;
  out.reserve((header_json.size() + payload_json.size()) * 4 / 3 + longest_signature);
  append_base64url(out, as_bytes(header_json));
  out += '.';
  append_base64url(out, as_bytes(payload_json));
  const auto signature = TRY(key.sign(as_bytes(out)));
  out += '.';
  append_base64url(out, signature);
  return out;
}

}  // namespace crypto
