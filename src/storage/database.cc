#include "storage/database.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace storage {
namespace {

std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

void Rows::add(Cell::Type type, const void* data, size_t size) {
  assert(type == Cell::text || type == Cell::bytes);
  assert(size <= UINT32_MAX);
  cells_.push_back({type, static_cast<int64_t>(heap_.size()), static_cast<uint32_t>(size)});
  if (size > 0) heap_.append(static_cast<const char*>(data), size);
}

const Rows::Cell& Row::cell(int column) const {
  assert(column >= 0 && static_cast<size_t>(column) < rows_.columns_ && index_ < rows_.size());
  return rows_.cells_[index_ * rows_.columns_ + static_cast<size_t>(column)];
}

Bytes Row::content(const Rows::Cell& cell) const {
  return {reinterpret_cast<const uint8_t*>(rows_.heap_.data()) + cell.value, cell.size};
}

bool Row::null(int column) const { return cell(column).type == Rows::Cell::null; }

int64_t Row::number(int column) const {
  assert(cell(column).type == Rows::Cell::number);
  return cell(column).value;
}

std::string_view Row::text(int column) const {
  assert(cell(column).type == Rows::Cell::text);
  return as_text(content(cell(column)));
}

Bytes Row::bytes(int column) const {
  assert(cell(column).type == Rows::Cell::bytes);
  return content(cell(column));
}

core::Uuid Row::uuid(int column) const {
  const Bytes stored = bytes(column);
  core::Uuid id;
  assert(stored.size() == id.bytes.size());
  std::ranges::copy(stored, id.bytes.begin());
  return id;
}

std::optional<core::Time> Row::time_or_null(int column) const {
  return null(column) ? std::nullopt : std::optional(time(column));
}

std::optional<std::string> Row::text_or_null(int column) const {
  return null(column) ? std::nullopt : std::optional<std::string>(text(column));
}

std::optional<core::Uuid> Row::uuid_or_null(int column) const {
  return null(column) ? std::nullopt : std::optional(uuid(column));
}

int Row::columns() const { return static_cast<int>(rows_.columns_); }

Param Row::as_param(int column) const {
  switch (cell(column).type) {
    case Rows::Cell::null:
      return nullptr;
    case Rows::Cell::number:
      return number(column);
    case Rows::Cell::text:
      return text(column);
    case Rows::Cell::bytes:
      return bytes(column);
  }
  std::unreachable();
}

core::Result<int64_t> prune(core::Tx& tx, const Old& old, core::Time before, int64_t limit) {
  std::string text("DELETE FROM ");
  text.append(old.table).append(" WHERE (").append(old.key).append(") IN (SELECT ").append(old.key);
  text.append(" FROM ").append(old.table).append(" WHERE ").append(old.column).append(" < $1 LIMIT $2)");
  return TRY(sql(tx).query(text, before, limit)).changed();
}

}  // namespace storage
