// Owns: one interface over SQLite and PostgreSQL; one SQL text with $1..$n for both.
// Does not own: any table; features' x_store_sql.cc do.
// Thread rule: Database from any worker thread; Transaction, Rows and Row only inside their function.
//
// The SQL of both engines is the same text, with these conventions:
//  - columns are BIGINT (numbers, times in milliseconds, flags), TEXT or BYTEA (ids, digests): nothing else;
//  - usher_now() is the database's clock in milliseconds since 1970;
//  - usher_txid() and usher_snapshot_xmin() are the transaction's id and its snapshot's oldest running one on
//    PostgreSQL, and 0 on SQLite, where transactions commit in the order of their rows;
//  - greatest(a, b, …) and least(a, b, …) skip NULLs on both;
//  - a trailing FOR UPDATE or FOR SHARE (also OF t, SKIP LOCKED) locks on PostgreSQL and is dropped for SQLite, where
//    a writer is alone;
//  - every $n up to the highest is used; one that may be NULL stands where its type is plain (a column, a CAST);
//  - TEXT holds no NUL character (an internal error on both).
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/id.h"
#include "core/unit_of_work.h"

namespace storage {

using Bytes = std::span<const uint8_t>;

// A parameter: refers to memory of the caller, which lives until the call returns.
using Param = std::variant<std::nullptr_t, int64_t, std::string_view, Bytes>;

inline Param param(int64_t value) { return value; }
inline Param param(std::string_view text) { return text; }
inline Param param(const std::string& text) { return std::string_view(text); }
inline Param param(const char* text) { return std::string_view(text); }
inline Param param(Bytes bytes) { return bytes; }
inline Param param(const std::vector<uint8_t>& bytes) { return Bytes(bytes); }
template <size_t N>
Param param(const std::array<uint8_t, N>& bytes) {
  return Bytes(bytes);
}
inline Param param(core::Time time) { return core::to_millis(time); }
inline Param param(const core::Uuid& id) { return Bytes(id.bytes); }
template <class Tag>
Param param(const core::Id<Tag>& id) {
  return Bytes(id.value.bytes);
}
template <class T>
Param param(const std::optional<T>& value) {
  return value ? param(*value) : Param(nullptr);
}

class Row;

// A whole answer, owned. `for (storage::Row row : rows)`.
class Rows {
 public:
  size_t size() const { return columns_ ? cells_.size() / columns_ : 0; }
  size_t columns() const { return columns_; }
  bool empty() const { return size() == 0; }
  Row operator[](size_t index) const;
  // Rows changed by an INSERT, UPDATE or DELETE.
  int64_t changed() const { return changed_; }

  struct Iterator {
    const Rows& rows;
    size_t index;
    Row operator*() const;
    Iterator& operator++() { return ++index, *this; }
    bool operator!=(const Iterator& other) const { return index != other.index; }
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

  // For the engines.
  struct Cell {
    enum Type : uint8_t { null, number, text, bytes } type;
    int64_t value;  // the number, or the offset in `heap_`
    uint32_t size;
  };
  void set_columns(size_t columns) { columns_ = columns; }
  void add_null() { cells_.push_back({Cell::null, 0, 0}); }
  void add_number(int64_t value) { cells_.push_back({Cell::number, value, 0}); }
  void add(Cell::Type type, const void* data, size_t size);
  void set_changed(int64_t changed) { changed_ = changed; }

 private:
  friend class Row;
  size_t columns_ = 0;
  int64_t changed_ = 0;
  std::vector<Cell> cells_;
  std::string heap_;
};

// One row of an answer; columns count from 0. Reading a NULL or another type than was stored is an assertion.
class Row {
 public:
  bool null(int column) const;
  int64_t number(int column) const;
  std::string_view text(int column) const;
  Bytes bytes(int column) const;
  core::Time time(int column) const { return core::from_millis(number(column)); }
  core::Uuid uuid(int column) const;
  template <class Id>
  Id id(int column) const {
    return Id{uuid(column)};
  }
  std::optional<core::Time> time_or_null(int column) const;
  std::optional<std::string> text_or_null(int column) const;
  std::optional<core::Uuid> uuid_or_null(int column) const;
  // As it is stored, to be handed on; refers to the rows.
  Param as_param(int column) const;
  int columns() const;

 private:
  friend class Rows;
  Row(const Rows& rows, size_t index) : rows_(rows), index_(index) {}
  const Rows::Cell& cell(int column) const;
  Bytes content(const Rows::Cell& cell) const;
  const Rows& rows_;
  size_t index_;
};

inline Row Rows::operator[](size_t index) const { return {*this, index}; }
inline Row Rows::Iterator::operator*() const { return rows[index]; }

class Transaction : public core::Tx {
 public:
  virtual ~Transaction() = default;
  // A statement of constant text: it is prepared once per connection.
  // Errors: conflict (a unique, check or foreign key was violated; `cause` names it), store_unavailable, internal.
  // An error dooms the transaction: later statements answer the same error, and nothing is committed even when the
  // function returns a value; it may return an error of its own (email_taken for conflict). Where a conflict is
  // expected, say ON CONFLICT DO NOTHING and look at changed().
  template <class... Args>
  core::Result<Rows> query(std::string_view sql, const Args&... args) {
    const std::array<Param, sizeof...(Args)> params{param(args)...};
    return run(sql, params);
  }
  // A statement whose answer nobody needs: it may travel with the next one, or with COMMIT. Its error is answered
  // there, and dooms the transaction just the same.
  template <class... Args>
  core::Result<> send(std::string_view sql, const Args&... args) {
    const std::array<Param, sizeof...(Args)> params{param(args)...};
    return post(sql, params);
  }
  // As query() and send(), with parameters that only the caller can count.
  core::Result<Rows> execute(std::string_view sql, std::span<const Param> params) { return run(sql, params); }
  virtual core::Result<> post(std::string_view sql, std::span<const Param> params) {
    TRY(run(sql, params));
    return {};
  }
  // Several statements without parameters, for migrations.
  virtual core::Result<> script(const std::string& sql) = 0;

 protected:
  virtual core::Result<Rows> run(std::string_view sql, std::span<const Param> params) = 0;
};

// The Tx that a service handed to a store, as what it is.
inline Transaction& sql(core::Tx& tx) { return static_cast<Transaction&>(tx); }

// Rows of `table` that are older than `before` by `column`.
struct Old {
  std::string_view table, key;  // `key` names one row: "id", or "user_id, trait"
  std::string_view column;
};
// Removes up to `limit` of them; how many. The parts of `old` are constants.
core::Result<int64_t> prune(core::Tx& tx, const Old& old, core::Time before, int64_t limit);

enum class Engine { sqlite, postgres };

class Database : public core::Transactor {
 public:
  virtual Engine engine() const = 0;
  // One trivial read; used by health and by the clock check. The database's time.
  virtual core::Result<core::Time> ping() = 0;
  // A number that changes whenever anybody committed, in this process or in another: the same number as before
  // means that there is nothing new to poll. Absent when the engine cannot tell without a query (PostgreSQL).
  virtual std::optional<int64_t> data_version() = 0;
};

}  // namespace storage
