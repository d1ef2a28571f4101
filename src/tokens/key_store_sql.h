// Owns: KeyStore over SQL, both engines.
#pragma once
#include <memory>

#include "tokens/key_store.h"

namespace tokens {

std::unique_ptr<KeyStore> create_sql_key_store();

}  // namespace tokens
