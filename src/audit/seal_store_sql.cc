#include "audit/seal_store_sql.h"

#include "audit/record_sql.h"

namespace audit {
namespace {

using core::Result, storage::sql;

#define SEAL_COLUMNS "number, at, before, head, signature"

// All zeros, which no hash is, for a row that somebody else wrote.
crypto::Digest256 digest(storage::Bytes bytes) {
  crypto::Digest256 out{};
  if (bytes.size() == out.size()) std::ranges::copy(bytes, out.begin());
  return out;
}

Seal read_seal(const storage::Row& row) {
  const auto signature = row.bytes(4);
  return {.number = row.number(0),
          .at = row.time(1),
          .before = digest(row.bytes(2)),
          .head = digest(row.bytes(3)),
          .leaves = {},
          .signature = {signature.begin(), signature.end()}};
}

class SqlSealStore final : public SealStore {
 public:
  Result<Standing> standing(core::Tx& tx) override {
    const auto now = TRY(sql(tx).query("SELECT usher_now()"));
    const auto rows = TRY(sql(tx).query("SELECT " SEAL_COLUMNS " FROM audit_seals ORDER BY number DESC LIMIT 1"));
    return Standing{rows.empty() ? Seal{} : read_seal(rows[0]), now[0].time(0)};
  }

  Result<> append(core::Tx& tx, const Seal& seal) override {
    return sql(tx).send(
        "INSERT INTO audit_seals (number, at, before, head, leaves, signature) VALUES ($1, $2, $3, $4, $5, $6)",
        seal.number, seal.at, seal.before, seal.head, pack(seal.leaves), seal.signature);
  }

  Result<std::vector<Seal>> list(core::Tx& tx, int64_t number, int64_t limit) override {
    std::vector<Seal> seals;
    for (storage::Row row : TRY(sql(tx).query("SELECT " SEAL_COLUMNS
                                              ", leaves FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2",
                                              number, limit))) {
      seals.push_back(read_seal(row));
      auto leaves = unpack(row.bytes(5));
      if (!leaves) return core::fail_because(core::Code::internal, "seal " + std::to_string(row.number(0)) + " is cut");
      seals.back().leaves = *std::move(leaves);
    }
    return seals;
  }

  Result<std::vector<core::Uuid>> ids(core::Tx& tx, const core::Uuid& after, int64_t limit) override {
    std::vector<core::Uuid> ids;
    for (storage::Row row :
         TRY(sql(tx).query("SELECT id FROM audit_events WHERE id > $1 ORDER BY id LIMIT $2", after, limit)))
      ids.push_back(row.uuid(0));
    return ids;
  }

  Result<std::vector<Record>> events(core::Tx& tx, const core::Uuid& after, int64_t limit) override {
    return read_records(TRY(
        sql(tx).query("SELECT " RECORD_COLUMNS " FROM audit_events WHERE id > $1 ORDER BY id LIMIT $2", after, limit)));
  }

  Result<> remove(core::Tx& tx, const std::vector<Seal>& seals) override {
    for (const Seal& seal : seals) {
      for (const Leaf& leaf : seal.leaves) TRY(sql(tx).send("DELETE FROM audit_events WHERE id = $1", leaf.event));
      TRY(sql(tx).send("DELETE FROM audit_seals WHERE number = $1", seal.number));
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<SealStore> create_sql_seal_store() { return std::make_unique<SqlSealStore>(); }

}  // namespace audit
