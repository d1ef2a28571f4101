// A hash that can be read is one that can be paid for: a wrong password ends in bounded time, and is refused.
#include <cstdlib>

#include "crypto/foreign_hash.h"

namespace {

// Reading bounds the cost at seconds, which is too much for each run: only the quick kinds are computed.
bool is_quick(std::string_view text) {
  for (const char* prefix : {"{SSHA", "$sha1$pf=", "$sha256$pf=", "$sha512$pf=", "sha1$"})
    if (text.starts_with(prefix)) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto verify = crypto::read_hash(text);
  if (!verify) return 0;
  if (size > crypto::foreign_hash_max_size) std::abort();
  if (is_quick(text) && (*verify)(crypto::Secret(std::string("not this one, nor any like it")))) std::abort();
  return 0;
}
