// Owns: webauthn::PasskeyStore over storage/.
#pragma once
#include <memory>

#include "webauthn/passkey_store.h"

namespace webauthn {

std::unique_ptr<PasskeyStore> create_sql_passkey_store();

}  // namespace webauthn
