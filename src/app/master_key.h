// Owns: the key under which secrets are sealed at rest: from the setting, or a file that the embedded store makes.
// Thread rule: at start-up.
#pragma once
#include "app/config.h"
#include "crypto/random.h"

namespace app {

// keys.master, or what data.dir/master.key holds; the file is made (0600) where it is absent. An error's detail says
// what to change.
core::Result<crypto::Secret> master_key(const StoreConfig& config, crypto::Random& random);

}  // namespace app
