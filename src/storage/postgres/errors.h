// Owns: what an SQLSTATE means to the callers and to the transaction that met it.
// Does not own: retrying (postgres.cc).
// Thread rule: plain functions.
#pragma once
#include <string>
#include <string_view>

#include "core/result.h"

namespace storage::postgres {

enum class Remedy {
  none,       // the error is the answer
  repeat,     // the engine asks for it: deadlock, serialisation
  reconnect,  // the connection is of no more use; the transaction may be repeated on a new one
};

struct Failure {
  core::Error error;
  Remedy remedy = Remedy::none;
};

// What libpq says, which ends with a line break and is spread over lines.
std::string one_line(std::string_view text);
// `sqlstate` is empty when the connection was lost.
Failure failure_of(std::string_view sqlstate, std::string_view message);

}  // namespace storage::postgres
