#include "webauthn/authenticator_data.h"

#include <algorithm>

#include "webauthn/cbor.h"

namespace webauthn {
namespace {

using crypto::Bytes;

constexpr size_t head_size = 32 + 1 + 4;
enum Flag : uint8_t { up = 1, uv = 4, be = 8, bs = 16, at = 64, ed = 128 };

// Section 6.5.1: AAGUID, length of the id, id, key.
std::optional<AttestedCredential> read_credential(Bytes& input) {
  constexpr size_t fixed = 16 + 2;
  if (input.size() < fixed) return std::nullopt;
  AttestedCredential out;
  std::ranges::copy(input.first(16), out.aaguid.begin());
  const size_t size = size_t{input[16]} << 8 | input[17];
  input = input.subspan(fixed);
  if (size > input.size()) return std::nullopt;
  out.id = input.first(size);
  input = input.subspan(size);
  const auto key = cbor::read(input);
  if (!key || !key->is(cbor::Value::Kind::map)) return std::nullopt;
  out.cose = key->encoded;
  return out;
}

bool read_extensions(Bytes& input) {
  const auto extensions = cbor::read(input);
  return extensions && extensions->is(cbor::Value::Kind::map);
}

}  // namespace

std::optional<AuthenticatorData> parse_authenticator_data(Bytes bytes) {
  if (bytes.size() < head_size) return std::nullopt;
  const uint8_t flags = bytes[32];
  AuthenticatorData out{.rp_id_hash = bytes.first(32),
                        .user_present = (flags & up) != 0,
                        .user_verified = (flags & uv) != 0,
                        .backup_eligible = (flags & be) != 0,
                        .backed_up = (flags & bs) != 0,
                        .credential = {}};
  for (const uint8_t byte : bytes.subspan(33, 4)) out.sign_count = out.sign_count << 8 | byte;
  Bytes rest = bytes.subspan(head_size);
  if (flags & at && !(out.credential = read_credential(rest))) return std::nullopt;
  if (flags & ed && !read_extensions(rest)) return std::nullopt;
  return rest.empty() ? std::optional(out) : std::nullopt;
}

}  // namespace webauthn
