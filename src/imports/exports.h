// Owns: how other systems write users in their exports.
// Does not own: their password hashes (crypto/foreign_hash.h): these are put into a form that is read there.
// Thread rule: pure functions.
//
// What an export holds besides is ignored. Roles are not taken over: the same name may allow other things here.
#pragma once
#include <boost/json/object.hpp>

#include "imports/entry.h"

namespace imports {

// Of a Firebase project: what its console shows as hash_config.
struct FirebaseHash {
  std::string signer_key, salt_separator, rounds, mem_cost;
};
// The text that the console shows. validation_failed names what is missing in it.
core::Result<FirebaseHash> read_firebase_hash(std::string_view text);

// What a user of one system is converted with.
struct Context {
  core::Time now;
  std::optional<FirebaseHash> firebase = {};
  // Of Better Auth: the password of a user, by his id.
  std::map<std::string, std::string, std::less<>> passwords = {};
};

// Absent: nobody who signs in, such as Keycloak's service accounts and Supabase's deleted users.
using Convert = std::optional<ReadEntry>(const boost::json::object& user, const Context& context);
Convert from_keycloak, from_supabase, from_firebase, from_better_auth, from_kratos;

// The rows of Better Auth's table of accounts, by the ids of their users.
std::map<std::string, std::string, std::less<>> better_auth_passwords(const boost::json::array& accounts);

}  // namespace imports
