// Whatever an authenticator or whoever plays one sends: reading it ends, and what was read lies inside of it.
#include <cstdlib>

#include "webauthn/authenticator_data.h"
#include "webauthn/cbor.h"
#include "webauthn/ceremony.h"
#include "webauthn/credential_key.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool within(crypto::Bytes part, crypto::Bytes whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_cbor(const webauthn::cbor::Value& value, crypto::Bytes input, int depth) {
  require(depth <= 4 && within(value.encoded, input) && within(value.content, input));
  for (const auto& item : value.items) check_cbor(item, value.encoded, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const crypto::Bytes input(data, size);
  if (const auto value = webauthn::cbor::decode(input)) check_cbor(*value, input, 0);
  if (const auto parsed = webauthn::parse_authenticator_data(input); parsed && parsed->credential)
    require(within(parsed->credential->id, input) && within(parsed->credential->cose, input));
  (void)webauthn::CredentialKey::from_cose(input);
  webauthn::Expected expected{
      .rp_id = "a", .origins = {"b"}, .top_origins = {}, .challenge = "c", .algorithms = {webauthn::es256}};
  require(!webauthn::verify_registration(expected, input, input));
  require(!webauthn::verify_assertion(expected, {}, input, input, input));
  return 0;
}
