#include "http/page.h"

#include <charconv>

namespace http {

core::Result<int64_t> page_limit(const Context& context, int64_t usual) {
  const auto text = context.query_value("limit");
  if (!text) return usual;
  int64_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  const bool number = error == std::errc{} && end == text->data() + text->size();
  if (!number || limit < 1 || limit > largest_page)
    return core::fail_field("limit", "out_of_range", "must be 1 to 100");
  return limit;
}

}  // namespace http
