// Owns: how private keys and other secrets look at rest: version (1) ‖ nonce (12) ‖ ciphertext ‖ tag (16).
// Does not own: where the master key comes from, or where sealed values are kept.
// Thread rule: a Sealer is safe to use from any thread.
#pragma once
#include <string_view>
#include <vector>

#include "core/result.h"
#include "crypto/bytes.h"
#include "crypto/secret.h"

namespace crypto {

// AES-256-GCM under a key that HKDF-SHA-256 derives from the master. Nonces are random, so one master seals at
// most 2^32 values (NIST SP 800-38D section 8.3).
class Sealer {
 public:
  // `master` has at least 32 bytes of real randomness; the one who reads it from the settings checks that.
  explicit Sealer(const Secret& master);

  // `context` says what the value is and whose (such as "signing-key:" and its id); open() needs the same one.
  std::vector<uint8_t> seal(Bytes plaintext, std::string_view context) const;

  // `internal`, always with the same cause, when the value was changed, moved to another context, cut, or sealed
  // under another master.
  core::Result<Secret> open(Bytes sealed, std::string_view context) const;

 private:
  Secret key_;
};

}  // namespace crypto
