// Owns: mfa::FactorStore over storage/.
#pragma once
#include <memory>

#include "mfa/factor_store.h"

namespace mfa {

std::unique_ptr<FactorStore> create_sql_factor_store();

}  // namespace mfa
