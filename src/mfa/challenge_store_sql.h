// Owns: mfa::ChallengeStore over storage/.
#pragma once
#include <memory>

#include "mfa/challenge_store.h"

namespace mfa {

std::unique_ptr<ChallengeStore> create_sql_challenge_store();

}  // namespace mfa
