// Owns: what the commands that change the store have in common.
#pragma once
#include "accounts/email.h"
#include "app/app.h"
#include "app/command.h"

namespace app {

// The command line acts without a user, an address or a request: it may all.
inline const audit::Origin command_line{};

// On a store that is there and up to date: from a wrong place or with a forgotten setting, a command makes none.
core::Result<std::unique_ptr<App>> open_app(const Call& call);

// "1 session", "2 sessions".
std::string counted(int64_t count, std::string_view what);

// The user of an address. not_found with a sentence.
core::Result<accounts::User> get_user(App& app, const std::string& email);

}  // namespace app
