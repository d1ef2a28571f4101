// Files of users, of every format: read twice they tell the same, refusals say why; a CSV row that is written by the
// rules reads back as it was.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "imports/csv.h"
#include "imports/exports.h"
#include "imports/formats.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Source reads paths, and this one costs no disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : file_(memfd_create("users", MFD_CLOEXEC)) {
    require(file_ >= 0 && write(file_, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  }
  ~MemoryFile() { close(file_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

std::string told(imports::Source& source) {
  std::string all;
  const auto read = source.each([&](const std::string& where, imports::ReadEntry entry) -> core::Result<> {
    require(!where.empty() && (entry || (!entry.error().empty() && !entry.error()[0].message.empty())));
    all += where + '\n' + (entry ? entry->email : entry.error()[0].code) + '\n';
    return {};
  });
  return all + (read ? "whole" : read.error().detail);
}

void read_users(const std::string& format, std::string_view content) {
  const MemoryFile file(content);
  const auto opened = imports::open_source(file.path(), {.format = format, .hash_config = {}, .now = core::Time{}});
  if (!opened) return require(!opened.error().detail.empty());
  require(told(*opened->source) == told(*opened->source));
}

std::string quoted(const imports::CsvRow& row) {
  std::string line;
  for (const auto& cell : row) {
    line += line.empty() ? "\"" : ",\"";
    for (const char c : cell) line += c == '"' ? "\"\"" : std::string(1, c);
    line += '"';
  }
  return line + "\r\n";
}

void read_rows(std::string_view content) {
  std::istringstream input{std::string(content)};
  imports::CsvReader reader(input);
  while (const auto row = reader.next()) {
    std::istringstream written(quoted(*row));
    imports::CsvReader again(written);
    require(again.next() == row && !again.broken() && !again.next());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::string> formats = [] {
    std::istringstream names(imports::format_names());
    std::vector<std::string> all{""};
    for (std::string name; std::getline(names, name, '|');) all.push_back(name);
    return all;
  }();
  if (size == 0) return 0;
  const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  read_users(formats[data[0] % formats.size()], content);
  read_rows(content);
  (void)imports::read_firebase_hash(content);
  return 0;
}
