// Owns: reading CBOR (RFC 8949) as authenticators write it: the CTAP2 canonical form (CTAP 2.1 section 8).
// Does not own: what the values mean. Our own, because the one library that Debian has (libcbor) reads indefinite
// lengths, duplicate keys and numbers in any width, and leaves all of that to its caller.
// Thread rule: pure functions. Values borrow from the input.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "crypto/bytes.h"

namespace webauthn::cbor {

struct Value {
  enum class Kind { unsigned_number, negative_number, bytes, text, array, map, boolean, null };
  Kind kind{};
  uint64_t number = 0;       // of a negative number: -1 - number; of a boolean: 0 or 1
  crypto::Bytes content;     // of bytes and text
  std::vector<Value> items;  // of an array; of a map keys and values in turn
  crypto::Bytes encoded;     // as it stands in the input

  // Absent when it is no integer, or none of 64 bits with sign.
  std::optional<int64_t> integer() const;
  std::optional<std::string_view> text() const;
  std::optional<crypto::Bytes> bytes() const;
  // What a map holds under a key; null when it is no map, or holds no such key.
  const Value* find(int64_t key) const;
  const Value* find(std::string_view key) const;
  bool is(Kind other) const { return kind == other; }
};

// The item that `input` begins with, which is moved behind it. Absent for indefinite lengths, numbers that are wider
// than they need to be, tags, floating point, simple values but true, false and null, text that is not UTF-8, keys that
// are neither integer nor text or stand twice, and more than four levels. Sorted keys are not asked for: browsers that
// build the outer map do not agree on them, and nothing follows from their order.
std::optional<Value> read(crypto::Bytes& input);
// The one item that `input` is, with nothing behind it.
std::optional<Value> decode(crypto::Bytes input);

}  // namespace webauthn::cbor
