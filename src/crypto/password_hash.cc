#include "crypto/password_hash.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "crypto/library.h"

namespace crypto {
namespace {

enum class Variant { argon2i, argon2id };

struct Parameters {
  Variant variant;
  Argon2Cost cost;
  int64_t lanes;
};

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// A decimal number as the PHC format writes it: no sign, no leading zero.
std::optional<int64_t> take_number(std::string_view& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || text[0] < '1' || text[0] > '9') return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

// Standard base64 without padding, as the PHC format writes salt and hash.
bool is_base64(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
}

bool is_salt_and_hash(std::string_view text) {
  const size_t dollar = text.find('$');
  return text.size() <= 256 && dollar != text.npos && is_base64(text.substr(0, dollar)) &&
         is_base64(text.substr(dollar + 1));
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

std::optional<Parameters> parse(std::string_view phc) {
  Parameters out{};
  out.variant = phc.starts_with("$argon2id$") ? Variant::argon2id : Variant::argon2i;
  if (!take(phc, "$argon2id$v=19$m=") && !take(phc, "$argon2i$v=19$m=")) return std::nullopt;
  const auto memory = take_number(phc);
  if (!memory || !take(phc, ",t=")) return std::nullopt;
  const auto passes = take_number(phc);
  if (!passes || !take(phc, ",p=")) return std::nullopt;
  const auto lanes = take_number(phc);
  if (!lanes || !take(phc, "$") || !is_salt_and_hash(phc)) return std::nullopt;
  out.cost = {.memory_kib = *memory, .passes = *passes};
  out.lanes = *lanes;
  if (!affordable(out.cost) || out.lanes > out.cost.memory_kib / 8) return std::nullopt;
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
