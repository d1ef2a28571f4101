// Owns: reading members of JSON that other systems wrote: what is absent or of another type is empty.
// Thread rule: pure functions.
#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "core/clock.h"

namespace imports {

// Null when there is no such member.
const boost::json::value* find(const boost::json::object& object, std::string_view name);
// Empty objects where there is none. A text that holds JSON is read, as databases write it into CSV.
boost::json::object object_at(const boost::json::object& object, std::string_view name);
boost::json::array array_at(const boost::json::object& object, std::string_view name);
// A number is written as its digits.
std::string text_at(const boost::json::object& object, std::string_view name);
// True, 1, "true", "t".
bool flag_at(const boost::json::object& object, std::string_view name);
// ISO 8601 or PostgreSQL's form with any offset, or milliseconds since 1970.
std::optional<core::Time> time_at(const boost::json::object& object, std::string_view name);
std::optional<core::Time> parse_time(std::string_view text);

}  // namespace imports
