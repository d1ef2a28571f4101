// Owns: which tables hold the truth, and what their columns mean to somebody who reads a copy of them.
// Does not own: how they are made (migrations/).
// Thread rule: constants.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace storage {

enum class ColumnKind { text, number, time, uuid, bytes };

struct Column {
  std::string_view name;
  ColumnKind kind;
  std::string_view says;
};

// A table whose rows are copied, by `key` in a fixed order.
struct Table {
  std::string_view name, key;
  std::span<const Column> columns;  // as the schema orders them
};

// In the order in which rows may refer to others. The outbox of changes is not among them: whoever starts on a copy
// holds nothing in memory that it could concern.
std::span<const Table> copied_tables();
// The reference page of the lines that `data export` writes (lines.h).
std::string lines_markdown();

}  // namespace storage
