// Owns: the key under which secrets are sealed at rest: from the setting, or a file that the embedded store makes.
// Thread rule: at start-up.
#pragma once
#include "app/config.h"
#include "crypto/random.h"

namespace app {

// keys.master, or what data.dir/master.key holds. For an embedded store that is not there yet the file is made (0600);
// beside one that is there a key that is missing is an error, for another would open nothing in it. An error's detail
// says what to change.
core::Result<crypto::Secret> master_key(const Config& config, crypto::Random& random);

}  // namespace app
