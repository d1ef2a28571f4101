// Owns: files of one user a line: JSON lines and CSV (RFC 4180) with a header.
// Does not own: exports that are one JSON document (exports.h).
// Thread rule: a source is used by one thread.
#pragma once
#include <boost/json/object.hpp>
#include <memory>

#include "imports/entry.h"

namespace imports {

// A user of a JSON object with the names of Entry::fields(), strictly.
ReadEntry to_entry(const boost::json::value& value);
// The cells of a CSV row by their column; all are text. Empty cells are absent.
using FromRow = ReadEntry(const boost::json::object& row);
// A row with the names of Entry::fields(); roles stand apart by spaces.
FromRow from_row;

core::Result<std::unique_ptr<Source>> open_json_lines(const std::string& path);
core::Result<std::unique_ptr<Source>> open_csv(const std::string& path, FromRow& convert);
// The columns of a CSV file.
core::Result<std::vector<std::string>> read_header(const std::string& path);

}  // namespace imports
