// Owns: the truth as lines of JSON (docs/reference/data.md), to be read by other programs and by another Usher.
// Does not own: the key that seals what is secret in them.
// Thread rule: any worker thread.
#pragma once
#include <iosfwd>

#include "storage/database.h"

namespace storage {

// One snapshot. Returns how many rows there were. internal when `out` does not take them.
core::Result<int64_t> write_lines(Database& from, std::ostream& out);

// All of it or nothing. Returns how many rows there were. validation_failed, naming the line, when it is not one that
// write_lines makes; conflict when the database is not empty, or rows do not fit together.
core::Result<int64_t> read_lines(std::istream& in, Database& to);

}  // namespace storage
