// Owns: limits::GuessStore over storage/.
#pragma once
#include <memory>

#include "limits/guess_store.h"

namespace limits {

std::unique_ptr<GuessStore> create_sql_guess_store();

}  // namespace limits
