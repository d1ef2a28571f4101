#include "storage/tables.h"

#include <array>

namespace storage {
namespace {

constexpr auto text = ColumnKind::text, number = ColumnKind::number, at = ColumnKind::time, uuid = ColumnKind::uuid,
               bytes = ColumnKind::bytes;

constexpr Column users[] = {
    {"id", uuid, ""},
    {"email", text, "as it was given, and as mail is sent to it"},
    {"email_key", text, "as it is compared; unique"},
    {"first_name", text, ""},
    {"last_name", text, ""},
    {"account_type", text, ""},
    {"password_hash", text, "PHC string (argon2id); an imported one, or empty, until the first sign-in or reset"},
    {"auth_epoch", number, "rises when nothing older may sign in"},
    {"email_verified_at", at, "null: not yet"},
    {"disabled_at", at, "null: is not disabled"},
    {"deleted_at", at, "null: is not deleted"},
    {"created_at", at, ""},
    {"delete_after", at, "null: its user has not asked for its deletion"}};
constexpr Column verification_codes[] = {{"user_id", uuid, ""},
                                         {"purpose", text, ""},
                                         {"code_hash", bytes, ""},
                                         {"attempts", number, "how often it was tried"},
                                         {"issued_at", at, ""},
                                         {"expires_at", at, ""},
                                         {"issues", number, "of codes since one was last used"}};
constexpr Column guesses[] = {{"subject", bytes, "a keyed hash of an address as it is compared"},
                              {"failures", number, "wrong passwords since the last right one"},
                              {"last_at", at, "of the last of them"}};
constexpr Column email_changes[] = {{"user_id", uuid, ""},
                                    {"email", text, "that the account is to have"},
                                    {"email_key", text, "the same as it is compared"},
                                    {"old_key", text, "of the user when he asked for it"},
                                    {"auth_epoch", number, "of the user when he asked for it"},
                                    {"asked_at", at, ""},
                                    {"mailed_at", at, "null: the new address got no code"}};
constexpr Column sessions[] = {{"id", uuid, ""},
                               {"user_id", uuid, ""},
                               {"secret", bytes, "32 random bytes: with the refresh key they make its refresh tokens"},
                               {"generation", number, "of the refresh token that is current"},
                               {"rotations", text, "times of the last four rotations, the newest first"},
                               {"answered_to", text, "the kind of device that the last rotation was answered to"},
                               {"amr", text, "how the user signed in (RFC 8176)"},
                               {"device_name", text, ""},
                               {"platform", text, ""},
                               {"app_version", text, ""},
                               {"user_agent", text, ""},
                               {"device_id", text, ""},
                               {"ip_address", text, ""},
                               {"created_at", at, ""},
                               {"last_active_at", at, ""},
                               {"refreshed_at", at, ""},
                               {"expires_at", at, "at the latest"},
                               {"ended_at", at, "null: has not ended by itself or by hand"},
                               {"end_reason", text, ""},
                               {"authenticated_at", at, "null: when it was created"},
                               {"proofs_from", at, "older proofs of who the user is do not count; null: all do"},
                               {"impersonator_session", uuid, "of who acts in the user's name; null: the user does"}};
constexpr Column totp_factors[] = {{"user_id", uuid, ""},
                                   {"sealed", bytes, "the seed, under keys.master"},
                                   {"last_step", number, "the newest that was used (RFC 6238)"},
                                   {"created_at", at, ""},
                                   {"confirmed_at", at, "null: not yet, and it opens nothing"},
                                   {"auth_epoch", number, "of the user when it was begun"}};
constexpr Column recovery_codes[] = {{"user_id", uuid, ""}, {"code_hash", bytes, "keyed"}};
constexpr Column familiar[] = {{"user_id", uuid, ""},
                               {"trait", text, "a device, network or country that the user signed in from"},
                               {"last_at", at, "of the last sign-in"}};
constexpr Column tried_accounts[] = {{"source", text, "a network"},
                                     {"account", bytes, "SHA-256 of an address as it is compared"},
                                     {"at", at, "of the last sign-in, wrong passwords included"}};
constexpr Column sign_in_notices[] = {{"token_hash", bytes, "SHA-256"},
                                      {"user_id", uuid, ""},
                                      {"session_id", uuid, "that the mail told of"},
                                      {"device", text, ""},
                                      {"ip_address", text, ""},
                                      {"at", at, ""},
                                      {"expires_at", at, ""}};
constexpr Column approvals[] = {{"id", uuid, ""},
                                {"user_id", uuid, ""},
                                {"token_hash", bytes, "of the sign-in that waits; SHA-256"},
                                {"number", text, "that its device shows"},
                                {"state", text, "waiting, approved or denied"},
                                {"device", text, ""},
                                {"ip_address", text, ""},
                                {"at", at, ""},
                                {"expires_at", at, ""}};
constexpr Column invitations[] = {{"token_hash", bytes, "SHA-256"},
                                  {"id", uuid, ""},
                                  {"email", text, "of who is invited"},
                                  {"email_key", text, "as it is compared; unique"},
                                  {"first_name", text, "empty: who accepts it says it"},
                                  {"last_name", text, "the same"},
                                  {"roles", text, "with commas between"},
                                  {"invited_by", uuid, ""},
                                  {"created_at", at, ""},
                                  {"expires_at", at, ""}};
constexpr Column sign_in_challenges[] = {{"token_hash", bytes, "SHA-256"},
                                         {"user_id", uuid, ""},
                                         {"auth_epoch", number, "of the user when the password was compared"},
                                         {"amr", text, "what was proved so far (RFC 8176)"},
                                         {"expires_at", at, ""}};
constexpr Column passkeys[] = {{"id", uuid, ""},
                               {"user_id", uuid, ""},
                               {"credential_id", bytes, "as the authenticator calls it; unique"},
                               {"rp_id", text, "webauthn.rp_id when it was added"},
                               {"public_key", bytes, "COSE_Key (RFC 9052)"},
                               {"sign_count", number, "the highest that was seen"},
                               {"user_verified", number, "1: its user was verified when it was added"},
                               {"backup_eligible", number, "1: may be copied to other devices of its user"},
                               {"backed_up", number, "1: was, when it was last used"},
                               {"aaguid", bytes, "the authenticator's model; zeros when it does not tell"},
                               {"transports", text, "how it can be reached, space separated"},
                               {"name", text, "what its user calls it"},
                               {"created_at", at, ""},
                               {"last_used_at", at, "null: never"}};
constexpr Column passkey_challenges[] = {
    {"challenge_hash", bytes, "SHA-256"},        {"purpose", text, "register, sign_in or step_up"},
    {"user_id", uuid, "null: whoever signs in"}, {"session_id", uuid, "null: whoever signs in"},
    {"auth_epoch", number, "of the user"},       {"expires_at", at, ""}};
constexpr Column signing_keys[] = {{"kid", text, ""},
                                   {"purpose", text, "access or refresh"},
                                   {"algorithm", text, ""},
                                   {"sealed", bytes, "the key, under keys.master"},
                                   {"created_at", at, ""},
                                   {"active_at", at, "signs from then on"},
                                   {"retired_at", at, "verifies until then; null while it signs"}};
constexpr Column roles[] = {
    {"name", text, ""}, {"description", text, ""}, {"seeded", number, "1: part of the system"}, {"created_at", at, ""}};
constexpr Column role_permissions[] = {{"role", text, ""}, {"permission", text, ""}};
constexpr Column role_inherits[] = {{"role", text, ""}, {"inherits", text, "the name of another role"}};
constexpr Column role_assignments[] = {{"user_id", uuid, ""},
                                       {"role", text, ""},
                                       {"given_by", uuid, "null: the system or the command line"},
                                       {"given_at", at, ""},
                                       {"expires_at", at, "null: never"}};
constexpr Column role_graph[] = {{"id", number, "always 1"}, {"stamp", text, "another one after each change of roles"}};
constexpr Column mail_outbox[] = {{"id", uuid, ""},
                                  {"recipient", text, ""},
                                  {"sealed", bytes, "the mail, under keys.master"},
                                  {"created_at", at, ""},
                                  {"expires_at", at, ""},
                                  {"attempts", number, ""},
                                  {"next_attempt_at", at, ""},
                                  {"last_error", text, ""}};
constexpr Column audit_events[] = {{"id", uuid, ""},
                                   {"at", at, ""},
                                   {"action", text, ""},
                                   {"actor", uuid, "who did it"},
                                   {"subject", uuid, "to whom"},
                                   {"session_id", uuid, "that it happened to"},
                                   {"actor_session", uuid, "that the actor used"},
                                   {"ip_address", text, ""},
                                   {"request_id", text, ""},
                                   {"detail", text, ""},
                                   {"device", text, "that acted; empty where it is not known"}};

constexpr Column audit_seals[] = {{"number", number, "from 1 on"},
                                  {"at", at, ""},
                                  {"before", bytes, "head of the seal before it"},
                                  {"head", bytes, "SHA-256"},
                                  {"leaves", bytes, "id and SHA-256 of each event, 48 bytes"},
                                  {"signature", bytes, "Ed25519, of the head"}};

constexpr std::array tables{Table{"users", "id", users},
                            Table{"verification_codes", "user_id, purpose", verification_codes},
                            Table{"guesses", "subject", guesses},
                            Table{"email_changes", "user_id", email_changes},
                            Table{"sessions", "id", sessions},
                            Table{"totp_factors", "user_id", totp_factors},
                            Table{"recovery_codes", "user_id, code_hash", recovery_codes},
                            Table{"invitations", "token_hash", invitations},
                            Table{"sign_in_challenges", "token_hash", sign_in_challenges},
                            Table{"passkeys", "id", passkeys},
                            Table{"familiar", "user_id, trait", familiar},
                            Table{"tried_accounts", "source, account", tried_accounts},
                            Table{"approvals", "id", approvals},
                            Table{"sign_in_notices", "token_hash", sign_in_notices},
                            Table{"passkey_challenges", "challenge_hash", passkey_challenges},
                            Table{"signing_keys", "kid", signing_keys},
                            Table{"roles", "name", roles},
                            Table{"role_permissions", "role, permission", role_permissions},
                            Table{"role_inherits", "role, inherits", role_inherits},
                            Table{"role_assignments", "user_id, role", role_assignments},
                            Table{"role_graph", "id", role_graph},
                            Table{"mail_outbox", "id", mail_outbox},
                            Table{"audit_events", "id", audit_events},
                            Table{"audit_seals", "number", audit_seals}};

std::string_view to_text(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::text:
      return "text";
    case ColumnKind::number:
      return "number";
    case ColumnKind::time:
      return "time";
    case ColumnKind::uuid:
      return "UUID";
    case ColumnKind::bytes:
      return "bytes";
  }
  return "";
}

}  // namespace

std::span<const Table> copied_tables() { return tables; }

std::string lines_markdown() {
  std::string out =
      "`usher data export` writes one JSON object a line, in UTF-8, and `usher data import` reads them:\n\n"
      "- first `{\"usher\":\"export\",\"schema\":N}` with the number of the newest migration,\n"
      "- then `{\"table\":NAME,\"row\":{COLUMN:VALUE,…}}` for each row, with all of its columns, in the order of the "
      "tables below,\n"
      "- last `{\"end\":N}` with the number of rows: a file without it is not whole, and is refused.\n\n"
      "A time is a number, in milliseconds since 1970; a UUID is text; bytes are base64 (RFC 4648, section 4). What "
      "is absent is null.\n";
  for (const Table& table : tables) {
    out += "\n## " + std::string(table.name) + "\n\n| column | kind | |\n|---|---|---|\n";
    for (const Column& column : table.columns)
      out += "| `" + std::string(column.name) + "` | " + std::string(to_text(column.kind)) + " | " +
             std::string(column.says) + " |\n";
  }
  return out;
}

}  // namespace storage
