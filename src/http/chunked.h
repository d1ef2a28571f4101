// Owns: decoding a chunked body (RFC 9112 section 7.1) strictly, without I/O.
// Does not own: the head that announces it (head.h).
// Thread rule: one decoder for one message, one thread.
#pragma once
#include <string>
#include <string_view>

#include "core/result.h"

namespace http {

enum class ChunkState { need_more, complete, refused };

// Refused: a size that is empty, signed, prefixed or longer than 8 digits, white space behind it, a malformed
// extension, any line that does not end with CRLF, data that is longer than its size. Extensions and trailers are read
// and dropped.
class ChunkedDecoder {
 public:
  // Takes what it can from `bytes`, appends data to `body`, and sets `used`. When refused, code() says why.
  ChunkState feed(std::string_view bytes, size_t& used, std::string& body);
  core::Code code() const { return code_; }

 private:
  enum class Step {
    size,
    extension,
    quoted,
    escaped,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf,
    done
  };
  bool take(unsigned char c);
  bool take_size(unsigned char c);
  bool take_extension(unsigned char c);
  bool take_trailer(unsigned char c);
  size_t take_data(std::string_view bytes, std::string& body);

  Step step_ = Step::size;
  core::Code code_ = core::Code::malformed_request;
  size_t left_ = 0;      // of the current chunk
  size_t overhead_ = 0;  // bytes that were not data
  int digits_ = 0;
  bool last_chunk_ = false;
  char previous_ = 0;  // in an extension: what a name or value would follow
};

}  // namespace http
