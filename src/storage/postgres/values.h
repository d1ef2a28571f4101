// Owns: parameters and columns in PostgreSQL's binary formats.
// Does not own: sending them (connection.h).
// Thread rule: values and plain functions.
#pragma once
#include <libpq-fe.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "storage/database.h"

namespace storage::postgres {

// The arrays that libpq wants. Refers to the parameters' memory; does not move once made.
class Encoded {
 public:
  explicit Encoded(std::span<const Param> params);
  Encoded(const Encoded&) = delete;

  int count() const { return static_cast<int>(values.size()); }
  // One letter per parameter: a statement is prepared once for each combination that is used.
  std::string signature;
  std::vector<Oid> types;  // 0 for NULL: the server infers it
  std::vector<const char*> values;
  std::vector<int> sizes, formats;

 private:
  std::vector<std::array<char, 8>> numbers_;
};

// `result` holds rows in the binary format. int2, int4, int8, bool and whole numerics are numbers. internal for a
// type that has no place in Row.
core::Result<Rows> decode(const PGresult* result);

}  // namespace storage::postgres
