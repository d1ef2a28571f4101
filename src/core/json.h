// Owns: reading JSON strictly (RFC 8259, and I-JSON's rule against duplicate names, RFC 7493 section 2.3).
// Does not own: mapping it to structs (core/fields.h).
// Thread rule: pure functions.
#pragma once
#include <boost/json/value.hpp>

#include "core/result.h"

namespace core {

// One JSON value and nothing behind it. Refused: duplicate keys (duplicate_key), and as malformed_json invalid UTF-8,
// lone surrogates, more than 32 levels, comments, trailing commas, an empty text.
Result<boost::json::value> parse_json(std::string_view text);

}  // namespace core
