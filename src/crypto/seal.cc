#include "crypto/seal.h"

#include <array>

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/library.h"
#include "crypto/random.h"

namespace crypto {
namespace {

constexpr uint8_t version = 1;
constexpr size_t head_size = 1 + aead_nonce_size;
constexpr std::string_view key_label = "usher sealed value 1";

// The version is bound too: a later format cannot be passed off as this one.
std::string associated_data(std::string_view context) { return static_cast<char>(version) + std::string(context); }

Secret derive(const Secret& master) {
  auto key = hkdf_sha256(master.bytes(), {}, key_label, aead_key_size);
  must(key.has_value(), "HKDF");
  return *std::move(key);
}

}  // namespace

Sealer::Sealer(const Secret& master) : key_(derive(master)) {}

std::vector<uint8_t> Sealer::seal(Bytes plaintext, std::string_view context) const {
  std::array<uint8_t, aead_nonce_size> nonce;
  SystemRandom().fill(nonce);
  const std::string associated = associated_data(context);
  const auto body = aead_encrypt(key_.bytes(), nonce, as_bytes(associated), plaintext);
  std::vector<uint8_t> out;
  out.reserve(head_size + body.size());
  out.push_back(version);
  out.insert(out.end(), nonce.begin(), nonce.end());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

core::Result<Secret> Sealer::open(Bytes sealed, std::string_view context) const {
  if (sealed.size() >= head_size && sealed[0] == version) {
    const std::string associated = associated_data(context);
    auto opened =
        aead_decrypt(key_.bytes(), sealed.subspan(1, aead_nonce_size), as_bytes(associated), sealed.subspan(head_size));
    if (opened) return *std::move(opened);
  }
  return core::fail_because(core::Code::internal, "sealed value does not open");
}

}  // namespace crypto
