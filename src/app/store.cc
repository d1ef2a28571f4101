#include "app/store.h"

#include <filesystem>

#include "storage/data_directory.h"
#include "storage/postgres/postgres.h"
#include "storage/sqlite/sqlite.h"

namespace app {

std::string sqlite_path(const StoreConfig& config) {
  const auto url = config.database_url.expose();
  constexpr std::string_view scheme = "sqlite:";
  const auto path = url.starts_with(scheme) ? url.substr(scheme.size()) : "";
  return path.empty() ? config.data_dir + "/usher.db" : std::string(path);
}

std::string store_name(const Config& config) {
  if (config.uses_postgres()) return "the database of database.url";
  return std::filesystem::absolute(sqlite_path(config.store)).lexically_normal().string();
}

core::Result<bool> exists(const StoreConfig& config) {
  const std::string path = sqlite_path(config);
  std::error_code error;
  const bool there = std::filesystem::exists(path, error);
  if (!error) return there;
  return core::fail(core::Code::validation_failed,
                    path + " cannot be reached: " + error.message() + "; call as the user that runs Usher");
}

core::Result<> ensure_exists(const Config& config) {
  if (config.uses_postgres() || TRY(exists(config.store))) return {};
  return core::fail(core::Code::validation_failed,
                    "there is no store " + store_name(config) +
                        ": name another by --config, --data.dir or --database.url, or make it by `usher migrate up`");
}

core::Result<std::unique_ptr<storage::Database>> open_database(const Config& config, const core::Clock& clock) {
  if (config.uses_postgres())
    return storage::open_postgres({.url = std::string(config.store.database_url.expose()),
                                   .connections = static_cast<size_t>(config.store.database_pool),
                                   .transaction_pooling = config.store.pool_mode == PoolMode::transaction});
  TRY(storage::create_directory(config.store.data_dir));
  return storage::open_sqlite({.path = sqlite_path(config.store)}, clock);
}

}  // namespace app
