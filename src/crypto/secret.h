// Owns: values that must not be printed and are wiped when they end.
// Does not own: where they come from.
// Thread rule: values; not shared while written.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace crypto {

// A password, key or code. It has no printer and no comparison operator (see equal() in digest.h).
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  explicit Secret(std::span<const uint8_t> bytes) : value_(bytes.begin(), bytes.end()) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(other.value_) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  // The one way in: greppable, for the code that must see the value.
  std::string_view expose() const { return value_; }
  std::span<const uint8_t> bytes() const { return {reinterpret_cast<const uint8_t*>(value_.data()), value_.size()}; }
  bool empty() const { return value_.empty(); }
  size_t size() const { return value_.size(); }

 private:
  void wipe();
  std::string value_;
};

}  // namespace crypto
