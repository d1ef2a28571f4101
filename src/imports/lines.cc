#include "imports/lines.h"

#include <fstream>

#include "core/json.h"
#include "imports/csv.h"

namespace imports {
namespace {

core::Result<std::ifstream> open(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return core::fail(core::Code::validation_failed, path + " cannot be read");
  return file;
}

std::string at(size_t line) { return "line " + std::to_string(line); }

class JsonLines final : public Source {
 public:
  explicit JsonLines(std::string path) : path_(std::move(path)) {}
  core::Result<> each(const Sink& sink) override {
    auto file = TRY(open(path_));
    std::string text;
    for (size_t line = 1; std::getline(file, text); ++line)
      if (text.find_first_not_of(" \t\r") != text.npos) TRY(sink(at(line), read(text)));
    return {};
  }

 private:
  static ReadEntry read(const std::string& text) {
    const auto value = core::parse_json(text);
    if (!value) return refuse("", std::string(core::row(value.error().code).name), "must be one line of JSON");
    return to_entry(*value);
  }
  std::string path_;
};

class CsvRows final : public Source {
 public:
  CsvRows(std::string path, FromRow& convert) : path_(std::move(path)), convert_(convert) {}
  core::Result<> each(const Sink& sink) override {
    auto file = TRY(open(path_));
    CsvReader reader(file);
    const auto header = reader.next();
    while (auto row = reader.next())
      if (*row != CsvRow{""}) TRY(sink(at(reader.line()), read(*header, *row, reader.broken())));
    return {};
  }

 private:
  ReadEntry read(const CsvRow& header, const CsvRow& row, bool broken) {
    if (broken) return refuse("", "malformed_csv", "has a quote that is not closed, or text behind one");
    if (row.size() != header.size()) return refuse("", "malformed_csv", "must have as many cells as the header");
    boost::json::object object;
    for (size_t i = 0; i < row.size(); ++i)
      if (!row[i].empty()) object.emplace(header[i], row[i]);
    return convert_(object);
  }
  std::string path_;
  FromRow& convert_;
};

// Text that says yes or no as the decoder's true or false; anything else stays, and is refused there.
boost::json::value to_flag(const boost::json::value& text) {
  const std::string_view word = text.as_string();
  if (word == "true" || word == "t" || word == "1") return true;
  if (word == "false" || word == "f" || word == "0") return false;
  return text;
}

boost::json::array to_list(std::string_view text) {
  boost::json::array list;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) list.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

}  // namespace

ReadEntry to_entry(const boost::json::value& value) {
  core::Decoder decoder;
  Entry entry;
  if (!core::JsonType<Entry>::decode(decoder, value, {}, entry)) return std::unexpected(std::move(decoder.errors));
  return entry;
}

ReadEntry from_row(const boost::json::object& row) {
  boost::json::object object = row;
  for (const char* flag : {"emailVerified", "disabled"})
    if (auto* cell = object.if_contains(flag)) *cell = to_flag(*cell);
  if (auto* cell = object.if_contains("roles")) *cell = to_list(std::string_view(cell->as_string()));
  return to_entry(object);
}

core::Result<std::vector<std::string>> read_header(const std::string& path) {
  auto file = TRY(open(path));
  CsvReader reader(file);
  auto header = reader.next();
  if (!header || reader.broken()) return core::fail(core::Code::validation_failed, path + " has no header");
  return *std::move(header);
}

core::Result<std::unique_ptr<Source>> open_json_lines(const std::string& path) {
  TRY(open(path));
  return std::make_unique<JsonLines>(path);
}

core::Result<std::unique_ptr<Source>> open_csv(const std::string& path, FromRow& convert) {
  TRY(read_header(path));
  return std::make_unique<CsvRows>(path, convert);
}

}  // namespace imports
