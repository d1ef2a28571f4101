#include "crypto/password_hash.h"

#include <sodium.h>

#include <algorithm>
#include <expected>

#include "crypto/library.h"

namespace crypto {
namespace {

enum class Variant { argon2i, argon2id };

struct Parameters {
  Variant variant;
  Argon2Cost cost;
  int64_t lanes;
};

// Base64 without padding, as the PHC format writes salt and hash, of at least the sizes that argon2 takes.
bool is_salt_and_hash(std::string_view text) {
  const auto pieces = split(text, '$');
  if (text.size() > 256 || pieces.size() != 2 || text.contains('=')) return false;
  const auto salt = read_base64(pieces[0]), hash = read_base64(pieces[1]);
  return salt && hash && salt->size() >= crypto_pwhash_argon2id_SALTBYTES / 2 &&
         hash->size() >= crypto_pwhash_argon2id_BYTES_MIN;
}

bool affordable(const Argon2Cost& cost) {
  return cost.memory_kib >= 8 && cost.memory_kib <= argon2_max_memory_kib && cost.passes >= 1 &&
         cost.passes <= argon2_max_work_kib / cost.memory_kib;
}

template <size_t size>
std::string random_base64() {
  constexpr int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  unsigned char bytes[size];
  char text[sodium_base64_ENCODED_LEN(size, variant)];
  randombytes_buf(bytes, size);
  return sodium_bin2base64(text, sizeof text, bytes, size, variant);
}

std::expected<Parameters, HashProblem> parse(std::string_view phc) {
  Parameters out{};
  out.variant = phc.starts_with("$argon2id$") ? Variant::argon2id : Variant::argon2i;
  if (!take(phc, "$argon2id$v=19$m=") && !take(phc, "$argon2i$v=19$m=")) return std::unexpected(HashProblem::unknown);
  const auto memory = take_number(phc);
  if (!memory || !take(phc, ",t=")) return std::unexpected(HashProblem::malformed);
  const auto passes = take_number(phc);
  if (!passes || !take(phc, ",p=")) return std::unexpected(HashProblem::malformed);
  const auto lanes = take_number(phc);
  if (!lanes || !take(phc, "$") || !is_salt_and_hash(phc)) return std::unexpected(HashProblem::malformed);
  out.cost = {.memory_kib = *memory, .passes = *passes};
  out.lanes = *lanes;
  if (!affordable(out.cost) || out.lanes > out.cost.memory_kib / 8) return std::unexpected(HashProblem::too_costly);
  return out;
}

}  // namespace

core::Result<std::string> hash_password(const Secret& password, Argon2Cost cost) {
  if (!affordable(cost)) return core::fail_because(core::Code::internal, "argon2id: cost out of range");
  start_sodium();
  char out[crypto_pwhash_argon2id_STRBYTES];
  if (crypto_pwhash_argon2id_str(out, password.expose().data(), password.size(),
                                 static_cast<unsigned long long>(cost.passes),
                                 static_cast<size_t>(cost.memory_kib) * 1024) != 0) {
    return core::fail_because(core::Code::internal, "argon2id: out of memory");
  }
  return std::string(out);
}

core::Result<std::string> create_unmatched_hash(Argon2Cost cost) {
  if (!affordable(cost)) return core::fail_because(core::Code::internal, "argon2id: cost out of range");
  start_sodium();
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) + ",t=" + std::to_string(cost.passes) + ",p=1$" +
         random_base64<16>() + '$' + random_base64<32>();
}

std::optional<HashProblem> problem_of(std::string_view phc) {
  const auto parameters = parse(phc);
  return parameters ? std::nullopt : std::optional(parameters.error());
}

bool verify_password(std::string_view phc, const Secret& password) {
  const auto parameters = parse(phc);
  if (!parameters) return false;
  start_sodium();
  const std::string terminated(phc);
  const auto verify =
      parameters->variant == Variant::argon2id ? crypto_pwhash_argon2id_str_verify : crypto_pwhash_argon2i_str_verify;
  return verify(terminated.c_str(), password.expose().data(), password.size()) == 0;
}

bool needs_rehash(std::string_view phc, Argon2Cost cost) {
  const auto stored = parse(phc);
  return !stored || stored->variant != Variant::argon2id || stored->lanes != 1 ||
         stored->cost.memory_kib != cost.memory_kib || stored->cost.passes != cost.passes;
}

}  // namespace crypto
