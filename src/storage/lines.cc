#include "storage/lines.h"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/json.hpp>
#include <istream>
#include <ostream>

#include "core/json.h"
#include "storage/copy.h"
#include "storage/migrations.h"

namespace storage {
namespace {

namespace json = boost::json;
using core::Result;
// What a parameter refers to.
using Value = std::variant<std::nullptr_t, int64_t, std::string, std::vector<uint8_t>>;

std::string to_base64(Bytes bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<uint8_t*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
  return out;
}

// It decodes the padding to zeros, and skips space; whatever is not its own image is refused.
std::optional<std::vector<uint8_t>> from_base64(std::string_view text) {
  std::vector<uint8_t> bytes(text.size() / 4 * 3);
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const uint8_t*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(size) - std::min<size_t>(2, std::ranges::count(text, '=')));
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

json::value to_json(const Row& row, int i, ColumnKind kind) {
  if (row.null(i)) return nullptr;
  switch (kind) {
    case ColumnKind::number:
    case ColumnKind::time:
      return row.number(i);
    case ColumnKind::text:
      return json::string(row.text(i));
    case ColumnKind::uuid:
      return json::string(row.uuid(i).str());
    case ColumnKind::bytes:
      return json::string(to_base64(row.bytes(i)));
  }
  return nullptr;
}

// Absent when it is of another kind.
std::optional<Value> from_json(const json::value& value, ColumnKind kind) {
  if (value.is_null()) return nullptr;
  if (kind == ColumnKind::number || kind == ColumnKind::time) {
    if (const auto* number = value.if_int64()) return *number;
    return std::nullopt;
  }
  const auto* text = value.if_string();
  if (!text) return std::nullopt;
  if (kind == ColumnKind::text) return std::string(*text);
  if (kind == ColumnKind::bytes) return from_base64(*text);
  const auto id = core::Uuid::parse(*text);
  if (!id) return std::nullopt;
  return std::vector<uint8_t>(id->bytes.begin(), id->bytes.end());
}

Param param_of(const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return std::string_view(*text);
  if (const auto* bytes = std::get_if<std::vector<uint8_t>>(&value)) return Bytes(*bytes);
  return nullptr;
}

int64_t newest_migration(Database& database) { return embedded_migrations(database.engine()).back().version; }

Result<int64_t> write_table(Transaction& from, const Table& table, std::ostream& out) {
  for (int64_t done = 0;;) {
    const auto rows = TRY(read_batch(from, table, done));
    for (Row row : rows) {
      json::object columns;
      for (int i = 0; i < row.columns(); ++i) {
        const Column& column = table.columns[static_cast<size_t>(i)];
        columns.emplace(column.name, to_json(row, i, column.kind));
      }
      out << json::object{{"table", table.name}, {"row", std::move(columns)}} << '\n';
    }
    if (!out) return core::fail_because(core::Code::internal, "what was exported cannot be written");
    done += static_cast<int64_t>(rows.size());
    if (static_cast<int64_t>(rows.size()) < batch) return done;
  }
}

// Reads line after line, and knows where it is.
class Lines {
 public:
  explicit Lines(std::istream& in) : in_(in) {}

  Result<json::object> next() {
    ++number_;
    if (!std::getline(in_, text_)) return refuse("is missing: the file is not whole");
    auto value = core::parse_json(text_);
    if (!value || !value->is_object()) return refuse("is not one JSON object");
    return std::move(value->as_object());
  }
  // What was read cannot be read again.
  bool begun() const { return number_ > 0; }
  bool at_end() { return in_.peek() == std::istream::traits_type::eof(); }
  std::unexpected<core::Error> refuse(std::string_view why, core::Code code = core::Code::validation_failed) const {
    return core::fail(code, "line " + std::to_string(number_) + ' ' + std::string(why));
  }

 private:
  std::istream& in_;
  std::string text_;
  int64_t number_ = 0;
};

// A table and how a row goes into it.
struct Target {
  const Table& table;
  std::string insert;
};

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const Table& table : copied_tables()) all.push_back({table, insert_into(table)});
  return all;
}

Result<> insert(Transaction& to, const Target& target, const json::object& row, const Lines& lines) {
  const Table& table = target.table;
  if (row.size() != table.columns.size())
    return lines.refuse("has other columns than the table " + std::string(table.name));
  std::vector<Value> values;
  for (const Column& column : table.columns) {
    const auto* given = row.if_contains(column.name);
    auto value = given ? from_json(*given, column.kind) : std::nullopt;
    if (!value)
      return lines.refuse("lacks a right value of " + std::string(table.name) + '.' + std::string(column.name));
    values.push_back(std::move(*value));
  }
  std::vector<Param> params(values.size());
  std::ranges::transform(values, params.begin(), param_of);
  const auto done = to.execute(target.insert, params);
  if (done) return {};
  if (done.error().code != core::Code::conflict) return std::unexpected(done.error());
  return lines.refuse("does not fit: " + done.error().cause, core::Code::conflict);
}

Result<> read_row(Transaction& to, std::span<const Target> all, const json::object& line, const Lines& lines) {
  const auto* name = line.if_contains("table");
  const auto* row = line.if_contains("row");
  const auto target = std::ranges::find_if(
      all, [&](const Target& one) { return name && name->is_string() && name->as_string() == one.table.name; });
  if (target == all.end() || !row || !row->is_object() || line.size() != 2)
    return lines.refuse("is neither a row of a known table nor the end");
  return insert(to, *target, row->as_object(), lines);
}

Result<> read_begin(Database& to, Lines& lines) {
  const auto line = TRY(lines.next());
  const auto *usher = line.if_contains("usher"), *schema = line.if_contains("schema");
  if (!usher || *usher != "export" || !schema) return lines.refuse("is not the beginning of an export");
  if (*schema != newest_migration(to))
    return lines.refuse("names another schema: import it with the version that exported it, then let this one migrate");
  return {};
}

Result<int64_t> read_all(Database& to, Transaction& into, Lines& lines) {
  if (lines.begun())
    return core::fail_because(core::Code::store_unavailable, "the connection was lost: import it again");
  TRY(ensure_empty(into));
  TRY(read_begin(to, lines));
  const std::vector<Target> all = targets();
  for (int64_t rows = 0;; ++rows) {
    const auto line = TRY(lines.next());
    const auto* end = line.if_contains("end");
    if (!end) {
      TRY(read_row(into, all, line, lines));
      continue;
    }
    if (*end != rows) return lines.refuse("counts other rows than there are: the file is not whole");
    if (!lines.at_end()) return lines.refuse("is not the last");
    return rows;
  }
}

}  // namespace

Result<int64_t> write_lines(Database& from, std::ostream& out) {
  return from.reading([&](core::Tx& tx) -> Result<int64_t> {
    out << json::object{{"usher", "export"}, {"schema", newest_migration(from)}} << '\n';
    int64_t rows = 0;
    for (const Table& table : copied_tables()) rows += TRY(write_table(sql(tx), table, out));
    out << json::object{{"end", rows}} << '\n' << std::flush;
    if (!out) return core::fail_because(core::Code::internal, "what was exported cannot be written");
    return rows;
  });
}

Result<int64_t> read_lines(std::istream& in, Database& to) {
  Lines lines(in);
  return to.atomically([&](core::Tx& tx) { return read_all(to, sql(tx), lines); });
}

}  // namespace storage
