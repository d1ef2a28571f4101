#include "crypto/secret.h"

#include <sodium.h>

namespace crypto {

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  wipe();
  value_ = other.value_;
  return *this;
}

// The string is copied, not moved: a moved short string would leave its characters behind.
Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  *this = static_cast<const Secret&>(other);
  other.wipe();
  return *this;
}

void Secret::wipe() {
  sodium_memzero(value_.data(), value_.size());
  value_.clear();
}

}  // namespace crypto
