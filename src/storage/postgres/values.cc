#include "storage/postgres/values.h"

#include <algorithm>

namespace storage::postgres {
namespace {

// Object ids of built-in types: pg_type.dat of PostgreSQL, fixed for ever.
constexpr Oid type_bool = 16, type_bytea = 17, type_name = 19, type_int8 = 20, type_int2 = 21, type_int4 = 23,
              type_text = 25, type_unknown = 705, type_bpchar = 1042, type_varchar = 1043, type_numeric = 1700,
              type_void = 2278;

int64_t big_endian(const char* data, int size) {
  // Starts from the sign, so that short numbers widen.
  uint64_t value = size > 0 && (data[0] & 0x80) ? ~uint64_t{0} : 0;
  for (int i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(data[i]);
  return static_cast<int64_t>(value);
}

// sum(bigint) is a numeric: count of digits, weight of the first, sign, scale, then digits of base 10000.
// Absent for a fraction, NaN, or what does not fit.
std::optional<int64_t> whole_numeric(const char* data, int size) {
  const auto field = [&](int64_t index) { return big_endian(data + 2 * index, 2); };
  if (size < 8) return std::nullopt;
  const int64_t digits = field(0), weight = field(1);
  const uint16_t sign = static_cast<uint16_t>(field(2));
  if (size != 8 + 2 * digits || (sign != 0 && sign != 0x4000) || digits > weight + 1) return std::nullopt;
  int64_t value = 0;
  for (int64_t i = 0; i <= weight && digits > 0; ++i) {
    const int64_t digit = i < digits ? field(4 + i) : 0;
    if (__builtin_mul_overflow(value, 10000, &value)) return std::nullopt;
    // Built up on the negative side, which reaches one further.
    if (__builtin_sub_overflow(value, digit, &value)) return std::nullopt;
  }
  if (sign == 0 && __builtin_sub_overflow(0, value, &value)) return std::nullopt;
  return value;
}

core::Result<> add_value(const PGresult* result, int row, int column, Rows& rows) {
  if (PQgetisnull(result, row, column)) return rows.add_null(), core::Result<>();
  const char* data = PQgetvalue(result, row, column);
  const int size = PQgetlength(result, row, column);
  switch (PQftype(result, column)) {
    case type_bool:
    case type_int2:
    case type_int4:
    case type_int8:
      rows.add_number(big_endian(data, size));
      return {};
    case type_text:
    case type_name:
    case type_bpchar:
    case type_varchar:
    case type_unknown:
      rows.add(Rows::Cell::text, data, static_cast<size_t>(size));
      return {};
    case type_bytea:
      rows.add(Rows::Cell::bytes, data, static_cast<size_t>(size));
      return {};
    case type_void:
      rows.add_null();
      return {};
    case type_numeric:
      if (auto value = whole_numeric(data, size)) return rows.add_number(*value), core::Result<>();
      break;
    default:
      break;
  }
  return core::fail_because(core::Code::internal,
                            std::string("column ") + PQfname(result, column) + " is no BIGINT, TEXT or BYTEA: cast it");
}

}  // namespace

Encoded::Encoded(std::span<const Param> params) : numbers_(params.size()) {
  for (size_t i = 0; i < params.size(); ++i) {
    const auto add = [&](char letter, Oid type, const char* data, size_t size) {
      signature += letter;
      types.push_back(type);
      values.push_back(data);
      sizes.push_back(static_cast<int>(size));
      formats.push_back(1);
    };
    if (const auto* number = std::get_if<int64_t>(&params[i])) {
      for (size_t byte = 0; byte < 8; ++byte) {
        numbers_[i][byte] = static_cast<char>(static_cast<uint64_t>(*number) >> (56 - 8 * byte));
      }
      add('i', type_int8, numbers_[i].data(), 8);
    } else if (const auto* text = std::get_if<std::string_view>(&params[i])) {
      // A null pointer would be NULL, and an empty view may hold one.
      add('t', type_text, text->empty() ? "" : text->data(), text->size());
    } else if (const auto* bytes = std::get_if<Bytes>(&params[i])) {
      add('b', type_bytea, bytes->empty() ? "" : reinterpret_cast<const char*>(bytes->data()), bytes->size());
    } else {
      add('n', 0, nullptr, 0);
    }
  }
}

core::Result<Rows> decode(const PGresult* result) {
  Rows rows;
  const int columns = PQnfields(result);
  rows.set_columns(static_cast<size_t>(columns));
  for (int row = 0; row < PQntuples(result); ++row) {
    for (int column = 0; column < columns; ++column) TRY(add_value(result, row, column, rows));
  }
  // "SELECT 3" counts rows that were read, not changed.
  const std::string_view tag = PQcmdStatus(const_cast<PGresult*>(result));
  const bool changes = tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE");
  if (changes) rows.set_changed(std::strtoll(PQcmdTuples(const_cast<PGresult*>(result)), nullptr, 10));
  return rows;
}

}  // namespace storage::postgres
