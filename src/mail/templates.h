// Owns: the wording and looks of every mail.
// Does not own: when one is sent, or to whom.
// Thread rule: pure functions.
//
// Names that people gave themselves are never inserted: anybody may register somebody else's address under a name that
// reads like an advertisement. What is inserted is made one line, and escaped in the HTML part.
#pragma once
#include "crypto/secret.h"
#include "mail/message.h"

namespace mail {

// The code that proves the address, after registration and on demand.
Message verification_code(const Letterhead& head, const std::string& to, const crypto::Secret& code, core::Millis life);
// Somebody registered an address that has an account.
Message already_registered(const Letterhead& head, const std::string& to);
Message password_reset_code(const Letterhead& head, const std::string& to, const crypto::Secret& code,
                            core::Millis life);
// His password opens nothing any more. Without a code when one was sent a moment ago.
Message password_reset_demanded(const Letterhead& head, const std::string& to,
                                const std::optional<crypto::Secret>& code, core::Millis life);
// Two codes change an address: one that the old mailbox gets, and one for the new.
Message email_change_code_old(const Letterhead& head, const std::string& to, const crypto::Secret& code,
                              core::Millis life);
Message email_change_code_new(const Letterhead& head, const std::string& to, const crypto::Secret& code,
                              core::Millis life);
// Somebody wants to give another account an address that has one.
Message email_in_use(const Letterhead& head, const std::string& to);
// Who has no account is invited to one. `link`: empty, or a page to which the token is given behind #.
Message invitation(const Letterhead& head, const std::string& to, const crypto::Secret& token, const std::string& link,
                   core::Time until);
// Somebody acts in his name. `reason` is what that one says of it.
Message impersonated(const Letterhead& head, const std::string& to, const std::string& reason, core::Time at);
// To both mailboxes.
Message email_changed(const Letterhead& head, const std::string& to, core::Time at);
// Until `end` its user may take it back.
Message account_deletion_asked(const Letterhead& head, const std::string& to, core::Time end);
Message account_deleted(const Letterhead& head, const std::string& to, core::Time at);
// Somebody who is signed in is asked to prove that the mailbox is his.
Message step_up_code(const Letterhead& head, const std::string& to, const crypto::Secret& code, core::Millis life);
// Somebody gave the right password in an unusual sign-in.
Message sign_in_code(const Letterhead& head, const std::string& to, const crypto::Secret& code, core::Millis life);
// `change` names the roles: "Given: support".
Message roles_changed(const Letterhead& head, const std::string& to, const std::string& change, core::Time at);
Message password_changed(const Letterhead& head, const std::string& to, core::Time at);
Message second_factor_added(const Letterhead& head, const std::string& to, core::Time at);
Message second_factor_removed(const Letterhead& head, const std::string& to, core::Time at);
Message recovery_code_used(const Letterhead& head, const std::string& to, int64_t left, core::Time at);
Message recovery_codes_replaced(const Letterhead& head, const std::string& to, core::Time at);
// `name` is the user's own, in one line of what he chose.
Message passkey_added(const Letterhead& head, const std::string& to, const std::string& name, core::Time at);
Message passkey_removed(const Letterhead& head, const std::string& to, const std::string& name, core::Time at);
// A refresh token was used a second time, so its session was ended. `device` as the user knows it ("Chrome on macOS"),
// which may be empty; the text of a User-Agent is not to be trusted and is cut.
Message session_ended_for_reuse(const Letterhead& head, const std::string& to, const std::string& device,
                                const std::string& ip_address, core::Time at);

// A sign-in waits until its user approves it on a device where he is signed in.
Message approval_asked(const Letterhead& head, const std::string& to, const std::string& device,
                       const std::string& ip_address, core::Time at);
// What a user is told of a sign-in that was unusual. `device` and `ip_address` as above; `signals` are names of rules,
// and empty when nothing but the device was new.
struct UnusualSignIn {
  std::string device, ip_address;
  core::Time at;
  std::string signals;
};
// `token` is good for the link by which the user says that it was not him.
Message unusual_sign_in(const Letterhead& head, const std::string& to, const UnusualSignIn& sign_in,
                        const crypto::Secret& token);

// `text` in one line of at most `longest` code points: control characters become spaces, and so do those that change
// the direction of text or break lines.
std::string one_line(std::string_view text, size_t longest = 120);

}  // namespace mail
