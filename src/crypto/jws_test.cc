#include "crypto/jws.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>

#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/library.h"

namespace crypto {
namespace {

constexpr std::string_view payload = R"({"sub":"1","exp":1800000000})";

const SigningKey& key_of(Algorithm algorithm) {
  static SystemRandom random;
  static const SigningKey keys[] = {
      SigningKey::generate(Algorithm::ES256, random).value(), SigningKey::generate(Algorithm::EdDSA, random).value(),
      SigningKey::generate(Algorithm::RS256, random).value(), SigningKey::generate(Algorithm::HS256, random).value()};
  return keys[static_cast<size_t>(algorithm)];
}
constexpr Algorithm all_algorithms[] = {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256};

std::string header_of(const SigningKey& key) {
  return R"({"alg":")" + std::string(name(key.algorithm())) + R"(","typ":"at+jwt","kid":")" + key.kid() + R"("})";
}

std::string encode(std::string_view text) { return base64url_encode(as_bytes(text)); }

// A token with this header that is otherwise signed as it should be.
std::string signed_with_header(std::string_view header) {
  return sign_compact(key_of(Algorithm::ES256), header, payload).value();
}

std::optional<core::Code> refusal(std::string_view token) {
  const auto parsed = parse_compact(token);
  if (parsed) return std::nullopt;
  return parsed.error().code;
}

bool is_accepted(std::string_view token, const VerifyKey& key) {
  const auto parsed = parse_compact(token);
  return parsed && verify(*parsed, key).has_value();
}

TEST(CompactJws, RoundTripsWithEveryAlgorithm) {
  for (Algorithm algorithm : all_algorithms) {
    SCOPED_TRACE(name(algorithm));
    const SigningKey& key = key_of(algorithm);
    const std::string token = sign_compact(key, header_of(key), payload).value();
    const auto parsed = parse_compact(token);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().cause;
    EXPECT_EQ(parsed->algorithm, algorithm);
    EXPECT_EQ(parsed->kid, key.kid());
    EXPECT_EQ(parsed->typ, "at+jwt");
    EXPECT_EQ(parsed->payload, payload);
    EXPECT_EQ(parsed->signing_input, token.substr(0, token.rfind('.')));
    EXPECT_TRUE(verify(*parsed, key.verify_key()));
    for (Algorithm other : all_algorithms) {
      EXPECT_EQ(verify(*parsed, key_of(other).verify_key()).has_value(), other == algorithm);
    }
  }
}

TEST(CompactJws, MatchesTheExampleOfRfc7515) {
  // Appendix A.1, whose header and payload hold line breaks.
  const std::string_view token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
      "LmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const std::string_view jwk =
      R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})";
  EXPECT_TRUE(is_accepted(token, VerifyKey::from_symmetric_jwk(jwk).value()));
}

TEST(CompactJws, MatchesTheExampleOfRfc8037) {
  const std::string_view token =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4k"
      "i4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  const std::string_view jwk = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
  EXPECT_TRUE(is_accepted(token, VerifyKey::from_jwk(jwk).value()));
  const auto seed = hex_decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").value();
  const auto key = SigningKey::from_private(Algorithm::EdDSA, Secret(Bytes(seed))).value();
  EXPECT_EQ(sign_compact(key, R"({"alg":"EdDSA"})", "Example of Ed25519 signing").value(), token);
}

TEST(CompactJws, RefusesOtherShapes) {
  const std::string good = signed_with_header(R"({"alg":"ES256"})");
  ASSERT_FALSE(refusal(good));
  const size_t first = good.find('.'), last = good.rfind('.');
  const std::string shapes[] = {"",
                                ".",
                                "..",
                                "...",
                                good.substr(0, last),
                                good.substr(0, last + 1),
                                good.substr(first),
                                good.substr(first + 1),
                                good + ".",
                                "." + good,
                                good + "." + good,
                                " " + good,
                                good + " ",
                                good + "\n",
                                good + "=",
                                good.substr(0, first) + "=" + good.substr(first),
                                good + std::string(1, '\0'),
                                "\"" + good + "\"",
                                "Bearer " + good,
                                R"({"protected":"e30","payload":"e30","signature":"AA"})"};
  for (const auto& shape : shapes) EXPECT_EQ(refusal(shape), core::Code::token_malformed) << shape;
}

TEST(CompactJws, HasASizeLimit) {
  const auto with_payload = [](size_t size) {
    return sign_compact(key_of(Algorithm::ES256), R"({"alg":"ES256"})", std::string(size, 'p')).value();
  };
  EXPECT_LE(with_payload(6000).size(), max_compact_size);
  EXPECT_FALSE(refusal(with_payload(6000)));
  EXPECT_EQ(refusal(with_payload(6200)), core::Code::token_malformed);
  EXPECT_EQ(refusal(std::string(10'000'000, '.')), core::Code::token_malformed);
}

TEST(CompactJws, RefusesHeadersThatAreNotStrictObjects) {
  for (auto header : {"", "null", "[]", "1", "\"x\"", "{", "{}{}", R"({"alg":"ES256",})", R"({"alg":"ES256"} x)",
                      R"({"alg":"ES256","alg":"ES256"})", R"({"alg":"none","alg":"ES256"})",
                      R"({"alg":"ES256","\u0061lg":"none"})", R"({"alg":"ES256","a":{"b":1,"b":2}})",
                      "{\"alg\":\"ES256\",\"a\":\"\xFF\"}", R"({"alg":'ES256'})", R"(/**/{"alg":"ES256"})"}) {
    EXPECT_EQ(refusal(signed_with_header(header)), core::Code::token_malformed) << header;
  }
  const std::string deep = R"({"alg":"ES256","a":)" + std::string(2000, '[') + std::string(2000, ']') + "}";
  EXPECT_EQ(refusal(signed_with_header(deep)), core::Code::token_malformed);
}

TEST(CompactJws, RefusesMembersThatChangeHowItIsRead) {
  for (auto member : {R"("crit":["exp"])", R"("crit":[])", R"("zip":"DEF")", R"("b64":false)", R"("b64":true)",
                      R"("jku":"https://x.example/jwks")", R"("jwk":{"kty":"EC"})", R"("x5u":"https://x.example")",
                      R"("x5c":["MII"])", R"("crit":null)", R"("kid":7)", R"("kid":["a"])", R"("typ":{})"}) {
    EXPECT_EQ(refusal(signed_with_header(R"({"alg":"ES256",)" + std::string(member) + "}")), core::Code::token_invalid)
        << member;
  }
  EXPECT_FALSE(refusal(signed_with_header(R"({"alg":"ES256","cty":"x","unknown":{"a":[1]}})")));
}

TEST(CompactJws, RefusesEveryOtherAlgorithm) {
  for (auto alg : {R"("none")",      R"("None")",  R"("NONE")",  R"("nOnE")",   R"("")",        R"("none ")",
                   R"("\u006eone")", "null",       "0",          "[\"ES256\"]", "{}",           "true",
                   R"("es256")",     R"("ES384")", R"("ES512")", R"("ES256K")", R"("HS384")",   R"("HS512")",
                   R"("RS384")",     R"("RS512")", R"("PS256")", R"("dir")",    R"("A256GCM")", R"("RSA-OAEP")"}) {
    const std::string header = R"({"alg":)" + std::string(alg) + "}";
    EXPECT_EQ(refusal(signed_with_header(header)), core::Code::token_invalid) << alg;
    EXPECT_TRUE(refusal(encode(header) + "." + encode(payload) + ".").has_value()) << alg;
  }
  EXPECT_EQ(refusal(signed_with_header(R"({"typ":"JWT"})")), core::Code::token_invalid);
}

TEST(CompactJws, NeedsASignature) {
  EXPECT_EQ(refusal(encode(R"({"alg":"HS256"})") + "." + encode(payload) + "."), core::Code::token_malformed);
}

// The forms in which a public key is found in the wild, any of which once was taken for an HMAC secret.
std::vector<std::string> public_forms(const SigningKey& key) {
  const Secret pkcs8 = key.private_bytes();
  const uint8_t* at = pkcs8.bytes().data();
  const KeyPtr pkey(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())));
  uint8_t* der = nullptr;
  const int der_size = i2d_PUBKEY(pkey.get(), &der);
  const std::string spki(reinterpret_cast<char*>(der), static_cast<size_t>(der_size));
  OPENSSL_free(der);
  const std::unique_ptr<BIO, Release<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), pkey.get());
  char* text = nullptr;
  const long text_size = BIO_get_mem_data(bio.get(), &text);
  const std::string pem(text, static_cast<size_t>(text_size));
  std::string windows;
  for (char c : pem) windows += c == '\n' ? "\r\n" : std::string(1, c);
  return {pem,
          pem.substr(0, pem.size() - 1),
          " " + pem,
          pem + "\n",
          windows,
          spki,
          encode(spki),
          encode(pem),
          key.public_jwk(),
          R"({"keys":[)" + key.public_jwk() + "]}",
          encode(key.public_jwk()),
          key.kid()};
}

TEST(AlgorithmConfusion, APublicKeyIsNeverAnHmacSecret) {
  int tried = 0;
  for (Algorithm algorithm : {Algorithm::ES256, Algorithm::RS256}) {
    const SigningKey& key = key_of(algorithm);
    for (const auto& form : public_forms(key)) {
      for (auto [alg, md] : {std::pair{"HS256", EVP_sha256()}, {"HS384", EVP_sha384()}, {"HS512", EVP_sha512()}}) {
        const std::string input =
            encode(R"({"alg":")" + std::string(alg) + R"(","kid":")" + key.kid() + R"("})") + "." + encode(payload);
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        HMAC(md, form.data(), static_cast<int>(form.size()), as_bytes(input).data(), input.size(), mac, &size);
        EXPECT_FALSE(is_accepted(input + "." + base64url_encode({mac, size}), key.verify_key()));
        ++tried;
      }
    }
  }
  printf("%d forged tokens\n", tried);
  EXPECT_EQ(tried, 72);
}

TEST(AlgorithmConfusion, AnHmacUnderThePublicKeysOwnNameIsRefused) {
  for (Algorithm algorithm : {Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA}) {
    const SigningKey& key = key_of(algorithm);
    const std::string input = encode(header_of(key)) + "." + encode(payload);
    const auto mac = hmac_sha256(as_bytes(key.public_jwk()), as_bytes(input));
    EXPECT_FALSE(is_accepted(input + "." + base64url_encode(mac), key.verify_key()));
  }
}

TEST(AlgorithmConfusion, TheHeaderCannotChooseAmongKeys) {
  // Signed with a good ES256 key, but said to be EdDSA or HS256.
  const SigningKey& key = key_of(Algorithm::ES256);
  for (auto header : {R"({"alg":"EdDSA"})", R"({"alg":"HS256"})", R"({"alg":"RS256"})"}) {
    EXPECT_FALSE(is_accepted(signed_with_header(header), key.verify_key()));
  }
}

TEST(Es256, RefusesSignaturesThatAreNoNumbersOfTheGroup) {
  const VerifyKey& key = key_of(Algorithm::ES256).verify_key();
  const std::string input = encode(R"({"alg":"ES256"})") + "." + encode(payload);
  const auto good = hex_encode(key_of(Algorithm::ES256).sign(as_bytes(input)).value());
  const std::string r = good.substr(0, 64), s = good.substr(64);
  const std::string zero(64, '0'), one = std::string(63, '0') + "1", ones(64, 'f');
  const std::string order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const std::string above = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552";
  const std::string prime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
  ASSERT_TRUE(is_accepted(input + "." + base64url_encode(hex_decode(r + s).value()), key));
  for (const std::string& bad :
       {zero + zero, zero + one, one + zero,   r + zero,     zero + s,      order + order,    order + s,
        r + order,   above + s,  r + above,    ones + ones,  prime + prime, one + one,        s + r,
        r,           s,          r + s + "00", "00" + r + s, r + s + r + s, std::string("00")}) {
    EXPECT_FALSE(is_accepted(input + "." + base64url_encode(hex_decode(bad).value()), key)) << bad;
  }
  // In DER: (0, 0), which CVE-2022-21449 was shown with, and the good one.
  EXPECT_FALSE(is_accepted(input + ".MAYCAQACAQA", key));
  const std::string der = "3046022100" + r + "022100" + s;
  EXPECT_FALSE(is_accepted(input + "." + base64url_encode(hex_decode(der).value()), key));
}

TEST(CompactJws, AnyChangedCharacterIsRefused) {
  for (Algorithm algorithm : all_algorithms) {
    SCOPED_TRACE(name(algorithm));
    const SigningKey& key = key_of(algorithm);
    const std::string token = sign_compact(key, header_of(key), payload).value();
    for (size_t at = 0; at < token.size(); ++at) {
      std::string changed = token;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      ASSERT_FALSE(is_accepted(changed, key.verify_key())) << at;
    }
  }
}

TEST(CompactJws, RandomEditsAreRefusedAndNeverFail) {
  const uint64_t seed = 4711;
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  SeededRandom random(seed);
  const SigningKey& key = key_of(Algorithm::HS256);
  const std::string token = sign_compact(key, header_of(key), payload).value();
  int parsed = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string changed = token;
    for (uint32_t edits = 1 + random.below(3); edits; --edits) {
      const size_t at = random.below(static_cast<uint32_t>(changed.size()));
      switch (random.below(3)) {
        case 0:
          changed[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          changed.erase(at, 1 + random.below(5));
          break;
        case 2:
          changed.insert(at, 1, "Aa0-_.={"[random.below(8)]);
          break;
      }
    }
    parsed += parse_compact(changed).has_value();
    ASSERT_EQ(is_accepted(changed, key.verify_key()), changed == token) << changed;
  }
  printf("%d of 20000 were still well formed\n", parsed);
  EXPECT_GT(parsed, 500);
}

// What `command` writes; absent when it fails.
std::optional<std::string> output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return std::nullopt;
  std::string out;
  char chunk[4096];
  while (const size_t size = fread(chunk, 1, sizeof chunk, pipe)) out.append(chunk, size);
  return pclose(pipe) == 0 ? std::optional(out) : std::nullopt;
}

// Arguments: token, public JWK. Prints "good" when the signature is, then a token and JWK of its own making.
constexpr std::string_view judge = R"(
import base64, json, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
unb = lambda t: base64.urlsafe_b64decode(t + '=' * (-len(t) % 4))
enb = lambda b: base64.urlsafe_b64encode(b).rstrip(b'=').decode()
num = lambda t: int.from_bytes(unb(t), 'big')
token, jwk = sys.argv[1], json.loads(sys.argv[2])
data, sig = token.rpartition('.')[0].encode(), unb(token.rpartition('.')[2])
mine = (enb(json.dumps({'alg': jwk['alg']}).encode()) + '.' + enb(b'{"by":"judge"}')).encode()
def coord(n): return enb(n.to_bytes(32, 'big'))
if jwk['kty'] == 'EC':
    key = ec.EllipticCurvePublicNumbers(num(jwk['x']), num(jwk['y']), ec.SECP256R1()).public_key()
    der = utils.encode_dss_signature(int.from_bytes(sig[:32], 'big'), int.from_bytes(sig[32:], 'big'))
    key.verify(der, data, ec.ECDSA(hashes.SHA256()))
    own = ec.generate_private_key(ec.SECP256R1()); pub = own.public_key().public_numbers()
    r, s = utils.decode_dss_signature(own.sign(mine, ec.ECDSA(hashes.SHA256())))
    made = r.to_bytes(32, 'big') + s.to_bytes(32, 'big')
    out = {'kty': 'EC', 'crv': 'P-256', 'x': coord(pub.x), 'y': coord(pub.y)}
elif jwk['kty'] == 'OKP':
    ed25519.Ed25519PublicKey.from_public_bytes(unb(jwk['x'])).verify(sig, data)
    own = ed25519.Ed25519PrivateKey.generate(); made = own.sign(mine)
    raw = own.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    out = {'kty': 'OKP', 'crv': 'Ed25519', 'x': enb(raw)}
else:
    rsa.RSAPublicNumbers(num(jwk['e']), num(jwk['n'])).public_key().verify(sig, data, padding.PKCS1v15(), hashes.SHA256())
    own = rsa.generate_private_key(65537, 2048); made = own.sign(mine, padding.PKCS1v15(), hashes.SHA256())
    out = {'kty': 'RSA', 'n': enb(own.public_key().public_numbers().n.to_bytes(256, 'big')), 'e': 'AQAB'}
print('good'); print(mine.decode() + '.' + enb(made)); print(json.dumps(out))
)";

TEST(CompactJws, AgreesWithPythonCryptography) {
  if (!output_of("python3 -c 'import cryptography' 2>/dev/null")) GTEST_SKIP() << "skipped: no python3-cryptography";
  for (Algorithm algorithm : {Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256}) {
    SCOPED_TRACE(name(algorithm));
    const SigningKey& key = key_of(algorithm);
    const std::string token = sign_compact(key, header_of(key), payload).value();
    std::string script(judge);
    for (size_t at = 0; (at = script.find('\'', at)) != script.npos; at += 4) script.replace(at, 1, "'\\''");
    const auto out = output_of("python3 -c '" + script + "' '" + token + "' '" + key.public_jwk() + "'");
    ASSERT_TRUE(out.has_value());
    const size_t first = out->find('\n'), second = out->find('\n', first + 1);
    EXPECT_EQ(out->substr(0, first), "good");
    const auto theirs = VerifyKey::from_jwk(out->substr(second + 1, out->size() - second - 2));
    ASSERT_TRUE(theirs.has_value()) << theirs.error().cause;
    EXPECT_TRUE(is_accepted(out->substr(first + 1, second - first - 1), *theirs));
    EXPECT_FALSE(is_accepted(token, *theirs));
  }
}

}  // namespace
}  // namespace crypto
