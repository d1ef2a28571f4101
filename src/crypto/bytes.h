// Owns: how this folder names borrowed bytes.
// Does not own: the memory behind them.
// Thread rule: values; safe everywhere.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace crypto {

using Bytes = std::span<const uint8_t>;

inline Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace crypto
