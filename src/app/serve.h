// Owns: running the server from start to a graceful end.
// Thread rule: the main thread.
#pragma once
#include "app/config.h"

namespace app {

// Serves until SIGTERM or SIGINT, then finishes what is in flight. Errors hold a sentence that says what to change.
core::Result<> serve(const Config& config);

}  // namespace app
