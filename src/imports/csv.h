// Owns: reading CSV (RFC 4180), row by row; lines may end in LF alone, and the file may begin with a byte order mark.
// Thread rule: used by one thread.
#pragma once
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace imports {

using CsvRow = std::vector<std::string>;

class CsvReader {
 public:
  // `input` outlives the reader, and can be sought in.
  explicit CsvReader(std::istream& input);
  // Absent behind the last row.
  std::optional<CsvRow> next();
  // Of the row that next() returned: where it begins, and whether its quotes are not as they should be.
  size_t line() const { return line_; }
  bool broken() const { return broken_; }

 private:
  bool read_cell(std::string& cell);
  void read_quoted(std::string& cell);
  std::istream& input_;
  size_t line_ = 0, next_line_ = 1;
  bool broken_ = false;
};

}  // namespace imports
