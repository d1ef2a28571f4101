#include "imports/csv.h"

namespace imports {

CsvReader::CsvReader(std::istream& input) : input_(input) {
  char mark[3] = {};
  if (input_.read(mark, sizeof mark) && std::string_view(mark, sizeof mark) == "\xEF\xBB\xBF") return;
  input_.clear();
  input_.seekg(0);
}

std::optional<CsvRow> CsvReader::next() {
  if (input_.peek() == std::istream::traits_type::eof()) return std::nullopt;
  line_ = next_line_;
  broken_ = false;
  CsvRow row;
  do row.emplace_back();
  while (read_cell(row.back()));
  return row;
}

// Whether another cell follows in the row.
bool CsvReader::read_cell(std::string& cell) {
  const bool quoted = input_.peek() == '"';
  if (quoted) read_quoted(cell);
  char c;
  while (input_.get(c)) {
    if (c == ',') return true;
    if (c == '\r' && input_.peek() == '\n') continue;
    if (c == '\n') return ++next_line_, false;
    broken_ |= quoted || c == '"';
    cell += c;
  }
  return false;
}

void CsvReader::read_quoted(std::string& cell) {
  input_.get();
  char c;
  while (input_.get(c)) {
    if (c == '"' && input_.peek() != '"') return;
    if (c == '"') input_.get();
    next_line_ += c == '\n';
    cell += c;
  }
  broken_ = true;
}

}  // namespace imports
