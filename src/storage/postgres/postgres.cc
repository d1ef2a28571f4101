#include "storage/postgres/postgres.h"

#include <cassert>
#include <random>
#include <thread>

#include "storage/postgres/pool.h"
#include "storage/postgres/transaction.h"

namespace storage {
namespace {

using postgres::Access;
using postgres::Freshness;
using postgres::Remedy;

constexpr int repeats = 6;     // of a transaction that collided
constexpr int reconnects = 1;  // of a transaction whose connection was dead

// Two that collided once would collide again without it.
void rest_before(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int> micros(200, 2000 << attempt);
  std::this_thread::sleep_for(std::chrono::microseconds(micros(random)));
}

// A transaction inside of a transaction would wait for a second connection while it holds the first.
class NotNested {
 public:
  NotNested() {
    assert(!inside && "a transaction inside of a transaction");
    inside = true;
  }
  ~NotNested() { inside = false; }

 private:
  static inline thread_local bool inside = false;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(PostgresOptions options) : pool_(std::move(options)) {}

  Engine engine() const override { return Engine::postgres; }

  core::Result<core::Time> ping() override {
    return reading([](core::Tx& tx) -> core::Result<core::Time> {
      // Not usher_now(): a database that was never migrated answers too.
      return TRY(sql(tx).query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"))[0].time(0);
    });
  }

  std::optional<int64_t> data_version() override { return std::nullopt; }

 protected:
  core::Result<> run_erased(Mode mode, const postgres::Work& work) override {
    const Access access = mode == Mode::write ? Access::write : Access::read;
    Freshness freshness = Freshness::any;
    for (int repeated = 0, reconnected = 0;;) {
      auto ending = attempt(access, freshness, work);
      for (const auto& hook : ending.hooks) hook(ending.outcome.has_value());
      if (ending.remedy == Remedy::repeat && repeated < repeats) {
        rest_before(repeated++);
      } else if (ending.remedy == Remedy::reconnect && reconnected < reconnects) {
        ++reconnected;
        freshness = Freshness::fresh;
      } else {
        return std::move(ending.outcome);
      }
    }
  }

 private:
  postgres::Ending attempt(Access access, Freshness freshness, const postgres::Work& work) {
    const NotNested guard;
    auto lease = pool_.borrow(freshness);
    if (!lease) return {.outcome = std::unexpected(std::move(lease).error())};
    return postgres::PostgresTransaction(**lease, access).perform(work);
  }

  postgres::Pool pool_;
};

// libpq's own messages about a malformed URL quote it, password included.
core::Result<> check_url(const std::string& url) {
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(url.c_str(), nullptr),
                                                                       &PQconninfoFree);
  if (!options) {
    return core::fail_because(
        core::Code::store_unavailable,
        "the URL of PostgreSQL cannot be read: write postgres://user:password@host:5432/database, "
        "with special characters of the password percent-encoded");
  }
  for (const PQconninfoOption* option = options.get(); option->keyword; ++option) {
    const bool host = std::string_view(option->keyword) == "host" && option->val;
    if (host && std::string_view(option->val).contains('@')) {  // or it would be shown as a host that is not found
      return core::fail_because(core::Code::store_unavailable,
                                "the URL of PostgreSQL has a second @: write %40 for one in the password");
    }
  }
  return {};
}

}  // namespace

core::Result<std::unique_ptr<Database>> open_postgres(PostgresOptions options) {
  TRY(check_url(options.url));
  auto database = std::make_unique<PostgresDatabase>(std::move(options));
  TRY(database->ping());
  return database;
}

}  // namespace storage
