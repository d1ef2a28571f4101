#include <openssl/evp.h>
#include <uninorm.h>

#include <bit>
#include <cstdlib>
#include <memory>

#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/foreign_readers.h"

namespace crypto {
namespace {

constexpr int64_t max_memory = 256 << 20, max_work = 1 << 30;  // bytes; memory times lanes
constexpr size_t least_hash = 16, largest_hash = 128, largest_salt = 256;

struct Cost {
  int64_t n, r, p;
};

// RFC 7914 section 2: N is a power of two above 1 and below 2^(16 r).
std::optional<HashProblem> problem_of(const Cost& cost) {
  if (cost.n < 2 || !std::has_single_bit(static_cast<uint64_t>(cost.n)) || cost.r < 1 || cost.p < 1)
    return HashProblem::malformed;
  if (cost.r < 4 && cost.n >= int64_t{1} << (16 * cost.r)) return HashProblem::malformed;
  if (cost.r > max_memory / 128 / cost.n || cost.p > max_memory / 128 / cost.r) return HashProblem::too_costly;
  if (cost.p > max_work / (128 * cost.n * cost.r)) return HashProblem::too_costly;
  return std::nullopt;
}

std::optional<Secret> derive(const Cost& cost, std::string_view salt, const Secret& password, size_t size) {
  if (holds_nul(password)) return std::nullopt;
  std::string made(size, '\0');
  const auto number = [](int64_t value) { return static_cast<uint64_t>(value); };
  const auto text = password.expose();
  const int good =
      EVP_PBE_scrypt(text.data(), text.size(), as_bytes(salt).data(), salt.size(), number(cost.n), number(cost.r),
                     number(cost.p), 2 * max_memory, reinterpret_cast<unsigned char*>(made.data()), size);
  return good == 1 ? std::optional(Secret(std::move(made))) : std::nullopt;
}

bool fits(const std::optional<std::string>& salt, const std::optional<std::string>& hash) {
  return salt && salt->size() <= largest_salt && hash && hash->size() >= least_hash && hash->size() <= largest_hash;
}

ReadHash create(Cost cost, std::optional<std::string> salt, std::optional<std::string> hash) {
  if (!fits(salt, hash)) return malformed();
  if (const auto problem = problem_of(cost)) return std::unexpected(*problem);
  return [cost, salt = *std::move(salt), hash = *std::move(hash)](const Secret& password) {
    const auto made = derive(cost, salt, password, hash.size());
    return made && equal(made->expose(), hash);
  };
}

// A logarithm: scrypt reads no other.
std::optional<int64_t> power(std::optional<int64_t> log) {
  return log && *log < 40 ? std::optional(int64_t{1} << *log) : std::nullopt;
}

// "ln=…,r=…,p=…". Kratos writes N itself where others write its logarithm: an N is never below 64.
std::optional<Cost> take_cost(std::string_view& text, std::string_view first) {
  if (!take(text, first)) return std::nullopt;
  const auto n = take_number(text);
  if (!take(text, ",r=")) return std::nullopt;
  const auto r = take_number(text);
  if (!take(text, ",p=")) return std::nullopt;
  const auto p = take_number(text);
  const auto real = n && *n >= 64 ? n : power(n);
  if (!real || !r || !p) return std::nullopt;
  return Cost{*real, *r, *p};
}

// AES-256-CTR from counter 0.
std::string encrypt(const Secret& key, std::string_view text) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                EVP_CIPHER_CTX_free);
  constexpr unsigned char zero[16] = {};
  std::string out(text.size(), '\0');
  int size = 0;
  if (!context || EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr, key.bytes().data(), zero) != 1 ||
      EVP_EncryptUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, as_bytes(text).data(),
                        static_cast<int>(text.size())) != 1)
    return "";
  return out;
}

// Firebase's: scrypt makes the key under which the project's signer key, encrypted, is the hash.
ReadHash create_firebase(std::optional<Cost> cost, std::optional<std::string> salt, std::optional<std::string> hash,
                         std::optional<std::string> separator, std::optional<std::string> signer_key) {
  if (!cost || !separator || separator->size() > largest_salt || !signer_key || !fits(salt, hash) ||
      hash->size() != signer_key->size())
    return malformed();
  if (const auto problem = problem_of(*cost)) return std::unexpected(*problem);
  return [cost = *cost, salt = *salt + *separator, hash = *std::move(hash),
          signer_key = Secret(*std::move(signer_key))](const Secret& password) {
    const auto key = derive(cost, salt, password, 32);
    return key && equal(encrypt(*key, signer_key.expose()), hash);
  };
}

Secret nfkc(const Secret& password) {
  size_t size = 0;
  uint8_t* out = u8_normalize(UNINORM_NFKC, password.bytes().data(), password.size(), nullptr, &size);
  if (!out) return password;
  const std::unique_ptr<uint8_t, decltype(&std::free)> owned(out, std::free);
  return Secret(std::span<const uint8_t>(out, size));
}

}  // namespace

ReadHash read_scrypt(std::string_view rest, const char*) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 3) return malformed();
  auto costs = pieces[0];
  const auto cost = take_cost(costs, "ln=");
  if (!cost || !costs.empty()) return malformed();
  return create(*cost, read_base64(pieces[1]), read_base64(pieces[2]));
}

// "N$salt$r$p$hash" as Django orders them.
ReadHash read_django_scrypt(std::string_view rest, const char*) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 5) return malformed();
  const auto n = read_number(pieces[0]), r = read_number(pieces[2]), p = read_number(pieces[3]);
  if (!n || !r || !p) return malformed();
  return create({*n, *r, *p}, std::string(pieces[1]), read_base64(pieces[4]));
}

ReadHash read_firescrypt(std::string_view rest, const char*) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 5) return malformed();
  auto costs = pieces[0];
  const auto cost = take_cost(costs, "ln=");
  if (!costs.empty()) return malformed();
  return create_firebase(cost, read_base64(pieces[1]), read_base64(pieces[2]), read_base64(pieces[3]),
                         read_base64(pieces[4]));
}

ReadHash read_fbscrypt(std::string_view rest, const char*) {
  const auto pieces = split(rest, '$');
  if (pieces.size() != 3) return malformed();
  auto costs = pieces[0];
  const auto cost = take_cost(costs, "v=1,n=");
  const size_t key = costs.find(",sk=");
  if (!take(costs, ",ss=") || key == costs.npos) return malformed();
  return create_firebase(cost, read_base64(pieces[1]), read_base64(pieces[2]), read_base64(costs.substr(0, key - 4)),
                         read_base64(costs.substr(key)));
}

// The salt is its digits as text, not the bytes that they stand for; the password is in form NFKC.
ReadHash read_better_auth(std::string_view text, const char*) {
  const auto pieces = split(text, ':');
  if (pieces.size() != 2 || pieces[0].size() < 16) return std::unexpected(HashProblem::unknown);
  const auto salt = hex_decode(pieces[0]), hash = hex_decode(pieces[1]);
  if (!salt || !hash || hash->size() != 64) return std::unexpected(HashProblem::unknown);
  auto verify =
      TRY(create({.n = 16'384, .r = 16, .p = 1}, std::string(pieces[0]), std::string(hash->begin(), hash->end())));
  return [verify = std::move(verify)](const Secret& password) { return verify(nfkc(password)); };
}

}  // namespace crypto
