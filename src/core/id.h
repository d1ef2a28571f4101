// Owns: 128-bit identifiers. Id<T> of different T do not mix.
// Does not own: randomness (crypto/random.h makes new ids).
// Thread rule: values; safe everywhere.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace core {

struct Uuid {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;
  // The canonical form of RFC 9562, lower case. Anything else is absent.
  static std::optional<Uuid> parse(std::string_view text);
  std::string str() const;
  // Appends what str() returns; for the hot path.
  void append_to(std::string& out) const;
};

template <class Tag>
struct Id {
  Uuid value{};
  auto operator<=>(const Id&) const = default;
  static std::optional<Id> parse(std::string_view text) {
    auto uuid = Uuid::parse(text);
    return uuid ? std::optional(Id{*uuid}) : std::nullopt;
  }
  std::string str() const { return value.str(); }
};

struct UuidHash {
  size_t operator()(const Uuid& id) const {
    uint64_t low;
    std::memcpy(&low, id.bytes.data() + 8, 8);  // the random half of a UUIDv7
    return low * 0x9E3779B97F4A7C15u;
  }
  template <class Tag>
  size_t operator()(const Id<Tag>& id) const {
    return (*this)(id.value);
  }
};

}  // namespace core
