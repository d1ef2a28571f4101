// Owns: what settings ask of a user's sign-in beside his password.
// Does not own: asking for it (login/second_step.h).
// Thread rule: pure functions; policy_of() inside a transaction's function.
#pragma once
#include "access/access_service.h"
#include "mfa/mfa_config.h"

namespace mfa {

// The strictest of mfa.policy and of what the settings say of the roles that the user holds, inherited ones included.
core::Result<Policy> policy_of(core::Tx& tx, accounts::UserId user, const Config& config, roles::Service& access);

// Whether who has proved `amr` (RFC 8176) has proved all that `policy` asks of everybody.
bool satisfies(Policy policy, std::string_view amr);

}  // namespace mfa
