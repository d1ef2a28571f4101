// Owns: commands and replies of the Redis protocol (RESP2) as bytes, without I/O.
// Does not own: the socket (connection.h).
// Thread rule: values; a ReplyReader is used by one thread at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cache {

struct Reply {
  enum class Type { nil, text, number, error, list };
  Type type = Type::nil;
  std::string text;  // of text and error
  int64_t number = 0;
  std::vector<Reply> list;

  bool is_nil() const { return type == Type::nil; }
  bool is_text() const { return type == Type::text; }
};

// One command as an array of bulk strings.
std::string encode_command(std::span<const std::string_view> words);

// Takes bytes as they come and gives replies as they are complete. What a reply announces takes memory only as it
// arrives, and is bounded: 4 MiB in all, 8 lists within each other.
class ReplyReader {
 public:
  void feed(std::string_view bytes);
  // Absent while the next one is not complete. store_unavailable when the bytes are no replies; then nothing more can
  // be read.
  core::Result<std::optional<Reply>> next();

  static constexpr size_t most_bytes = 4 << 20;
  static constexpr int most_depth = 8;

 private:
  std::string bytes_;
};

}  // namespace cache
