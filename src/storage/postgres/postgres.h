// Owns: the store on a PostgreSQL server (13 or newer), through a pool of connections.
// Does not own: the schema (migrations.h).
// Thread rule: as Database; a call blocks for at most the time-outs below.
#pragma once
#include <memory>
#include <string>

#include "core/clock.h"
#include "storage/database.h"

namespace storage {

struct PostgresOptions {
  // postgres://user:password@host:port,host:port/database?sslmode=verify-full, or libpq's key=value form
  std::string url;
  size_t connections = 8;
  core::Millis checkout_timeout{5000};   // waiting for a free connection
  core::Millis connect_timeout{3000};    // rounded up to seconds, at least 2
  core::Millis statement_timeout{5000};  // by the server; the client gives up two seconds later
  core::Millis lock_timeout{3000};
  // A pooler gives each transaction another of the server's connections: nothing is kept on one, no statement is
  // prepared, and each transaction brings its settings with it.
  bool transaction_pooling = false;
};

// Connects once, so that a mistake is seen at start-up. An error's cause is a sentence for the operator and never
// holds the password.
core::Result<std::unique_ptr<Database>> open_postgres(PostgresOptions options);

}  // namespace storage
