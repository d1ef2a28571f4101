// An address that is accepted is one that mail can carry, and has one form.
#include <cstdlib>

#include "accounts/email.h"
#include "core/utf8.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto email = accounts::Email::parse({reinterpret_cast<const char*>(data), size});
  if (!email) return 0;
  require(email->address.size() <= 254 && core::count_code_points(email->address).has_value());
  require(email->address.find('@') == email->address.rfind('@'));
  for (const char c : email->address) require(static_cast<unsigned char>(c) > 0x20 && c != 0x7F);
  require(email->address.find_first_of("\"<>(),:;\\[]%!") == std::string::npos);
  const auto again = accounts::Email::parse(email->address);
  require(again && again->address == email->address && again->key == email->key);
  return 0;
}
