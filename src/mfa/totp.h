// Owns: time-based one-time passwords (RFC 6238 over RFC 4226) as a rule without I/O.
// Does not own: where seeds and used steps are kept (factor_store.h), how many guesses there are (limits/).
// Thread rule: pure functions on values.
#pragma once
#include <optional>

#include "core/clock.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace mfa {

enum class OtpHash { sha1, sha256, sha512 };

// What authenticator apps take for granted; others are for the RFCs' examples.
struct OtpForm {
  int digits = 6;  // 6 to 8
  OtpHash hash = OtpHash::sha1;
};

inline constexpr core::Seconds otp_step{30};
inline constexpr size_t seed_bytes = 20;  // RFC 4226 section 4 recommends 160 bits

crypto::Secret create_seed(crypto::Random& random);

// HOTP: exactly `digits` digits, leading zeros kept.
std::string one_time_password(const crypto::Secret& seed, uint64_t counter, const OtpForm& form = {});

// The step that a password is of: the one at `now`, or the one before or after it, for clocks that differ. Absent when
// it is of none, or of one that is not after `last_used`: each opens once (RFC 6238 section 5.2).
std::optional<int64_t> accept(const crypto::Secret& seed, std::string_view password, core::Time now, int64_t last_used,
                              const OtpForm& form = {});

// otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=…, for a QR code; names are percent-encoded.
crypto::Secret otpauth_uri(std::string_view issuer, std::string_view account, const crypto::Secret& seed);

}  // namespace mfa
