#include "crypto/library.h"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

namespace crypto {

void start_sodium() {
  static const int state = sodium_init();
  must(state >= 0, "sodium_init");
}

void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "crypto: %s failed\n", what);
  std::abort();
}

}  // namespace crypto
