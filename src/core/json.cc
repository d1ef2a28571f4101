#include "core/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <set>

namespace core {
namespace {

namespace json = boost::json;

// Builds the value as Boost's own parser does, and remembers the keys of each open object.
struct StrictHandler {
  // An array is as long as its text allows: requests are bounded, exports hold millions of users.
  static constexpr size_t max_object_size = 10'000, max_array_size = 1'000'000'000, max_key_size = 65'536,
                          max_string_size = 65'536;
  using error_code = json::error_code;
  using view = json::string_view;

  json::value_stack stack;
  std::vector<std::set<std::string>> open_objects;
  std::string key;
  bool duplicate = false;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open_objects.emplace_back(), true; }
  bool on_object_end(size_t n, error_code&) { return open_objects.pop_back(), stack.push_object(n), true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(size_t n, error_code&) { return stack.push_array(n), true; }
  bool on_key_part(view s, size_t, error_code&) { return key.append(s), stack.push_chars(s), true; }
  bool on_key(view s, size_t, error_code& ec) {
    key.append(s);
    duplicate = !open_objects.back().insert(std::exchange(key, {})).second;
    if (duplicate) ec = json::error::syntax;
    return stack.push_key(s), !duplicate;
  }
  bool on_string_part(view s, size_t, error_code&) { return stack.push_chars(s), true; }
  bool on_string(view s, size_t, error_code&) { return stack.push_string(s), true; }
  bool on_number_part(view, error_code&) { return true; }
  bool on_int64(int64_t i, view, error_code&) { return stack.push_int64(i), true; }
  bool on_uint64(uint64_t u, view, error_code&) { return stack.push_uint64(u), true; }
  bool on_double(double d, view, error_code&) { return stack.push_double(d), true; }
  bool on_bool(bool b, error_code&) { return stack.push_bool(b), true; }
  bool on_null(error_code&) { return stack.push_null(), true; }
  bool on_comment_part(view, error_code&) { return true; }
  bool on_comment(view, error_code&) { return true; }
};

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::basic_parser<StrictHandler> parser{json::parse_options{}};
  json::error_code ec;
  parser.handler().stack.reset();
  const size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (parser.handler().duplicate) return fail(Code::duplicate_key);
  if (ec || used != text.size() || !parser.done()) return fail(Code::malformed_json);
  return parser.handler().stack.release();
}

}  // namespace core
