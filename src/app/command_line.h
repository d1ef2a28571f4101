// Owns: what the commands that change the store have in common.
#pragma once
#include "accounts/email.h"
#include "app/app.h"
#include "app/command.h"

namespace app {

// The command line acts without a user, an address or a request: it may all.
inline const audit::Origin command_line{};

// The user of an address. not_found with a sentence.
core::Result<accounts::User> get_user(App& app, const std::string& email);

}  // namespace app
