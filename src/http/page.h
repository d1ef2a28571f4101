// Owns: how long a page of a list is.
// Thread rule: pure functions.
#pragma once
#include "http/route.h"

namespace http {

inline constexpr int64_t largest_page = 100;

// The query field `limit`, or `usual` without one. validation_failed unless it is 1 to 100.
core::Result<int64_t> page_limit(const Context& context, int64_t usual = largest_page);

}  // namespace http
