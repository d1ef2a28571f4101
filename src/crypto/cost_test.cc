// Prints what each operation costs; nothing is asserted about time, for it is the machine's.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "crypto/digest.h"
#include "crypto/jws.h"
#include "crypto/password_hash.h"

namespace crypto {
namespace {

template <class Work>
void measure(const char* what, int rounds, Work&& work) {
  work();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) work();
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  printf("  %-28s %12.0f ns\n", what, spent.count() / rounds);
}

TEST(Cost, IsPrinted) {
  SystemRandom random;
  const std::string token(600, 't');
  const KeyedDigest keyed(random);
  const HmacKey mac(Secret(std::string(32, 'k')));
  int kept = 0;
  measure("SipHash-128 of 600 bytes", 2000, [&] { kept += keyed(token)[0]; });
  measure("SHA-256 of 600 bytes", 2000, [&] { kept += sha256(token)[0]; });
  measure("HMAC, key held", 2000, [&] { kept += mac(as_bytes(token))[0]; });
  measure("HMAC, key each time", 2000,
          [&] { kept += hmac_sha256(as_bytes("0123456789abcdef0123456789abcdef"), as_bytes(token))[0]; });
  for (Algorithm algorithm : {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256}) {
    const SigningKey key = SigningKey::generate(algorithm, random).value();
    const std::string label(name(algorithm));
    const std::string header = R"({"alg":")" + label + R"(","typ":"at+jwt","kid":")" + key.kid() + R"("})";
    const std::string payload(250, 'p');
    const std::string jws = sign_compact(key, header, payload).value();
    const auto parsed = parse_compact(jws).value();
    const int rounds = algorithm == Algorithm::RS256 ? 10 : 200;
    measure((label + " sign_compact").c_str(), rounds, [&] { kept += !sign_compact(key, header, payload); });
    measure((label + " parse_compact").c_str(), rounds, [&] { kept += parse_compact(jws).has_value(); });
    measure((label + " verify").c_str(), rounds, [&] { kept += verify(parsed, key.verify_key()).has_value(); });
  }
  measure("argon2id 19 MiB, 2 passes", 3, [&] { kept += hash_password(Secret(std::string("pw")), {}).has_value(); });
  EXPECT_GT(kept, 0);
}

}  // namespace
}  // namespace crypto
