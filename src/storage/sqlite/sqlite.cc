#include "storage/sqlite/sqlite.h"

#include <mutex>

#include "storage/data_directory.h"
#include "storage/sqlite/readers.h"
#include "storage/sqlite/writer.h"

namespace storage {
namespace {

using sqlite::Access;
using sqlite::Connection;

class SqliteDatabase final : public Database {
 public:
  // `watcher` never writes, so that its data_version counts the commits of our own writer too.
  SqliteDatabase(const SqliteOptions& options, const core::Clock& clock, std::unique_ptr<Connection> writer,
                 std::unique_ptr<Connection> watcher)
      : writer_(std::move(writer), options.batch), watcher_(std::move(watcher)), readers_(options, clock) {}

  Engine engine() const override { return Engine::sqlite; }

  core::Result<core::Time> ping() override {
    return reading(
        [](core::Tx& tx) -> core::Result<core::Time> { return TRY(sql(tx).query("SELECT usher_now()"))[0].time(0); });
  }

  std::optional<int64_t> data_version() override {
    const std::lock_guard lock(watching_);
    auto version = watcher_->control("PRAGMA data_version");
    return version ? std::optional((*version)[0].number(0)) : std::nullopt;
  }

 protected:
  core::Result<> run_erased(Mode mode, const sqlite::Work& work) override {
    return mode == Mode::write ? writer_.perform(work) : readers_.perform(work);
  }

 private:
  // The writer closes last: the last one to close empties the write-ahead log, which a reader cannot.
  sqlite::Writer writer_;
  std::mutex watching_;
  std::unique_ptr<Connection> watcher_;
  sqlite::Readers readers_;
};

}  // namespace

core::Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options, const core::Clock& clock) {
  create_private_file(options.path);  // the files beside it get its mode
  auto writer = TRY(Connection::open(options, Access::write, clock));
  auto watcher = TRY(Connection::open(options, Access::read, clock));
  return std::make_unique<SqliteDatabase>(options, clock, std::move(writer), std::move(watcher));
}

}  // namespace storage
