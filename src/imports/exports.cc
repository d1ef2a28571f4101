#include "imports/exports.h"

#include <algorithm>

#include "crypto/hash_text.h"
#include "imports/loose_json.h"

namespace imports {
namespace {

using boost::json::object;

std::optional<std::string> some(std::string text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

// "Ada Lovelace" when there is only one field for both.
void set_names(Entry& entry, const std::string& whole) {
  const size_t space = whole.find(' ');
  if (!entry.first_name) entry.first_name = some(whole.substr(0, space));
  if (!entry.last_name && space != whole.npos) entry.last_name = some(whole.substr(space + 1));
}

// An id that is no UUID is not kept.
Entry create(const object& user, std::string_view created_at) {
  return {.email = text_at(user, "email"),
          .id = core::Uuid::parse(text_at(user, "id")),
          .created_at = time_at(user, created_at)};
}

std::string without_padding(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// Keycloak keeps parameters as lists of text.
std::string parameter(const object& credential, std::string_view name) {
  const auto values = array_at(object_at(credential, "additionalParameters"), name);
  return !values.empty() && values[0].is_string() ? std::string(std::string_view(values[0].get_string())) : "";
}

std::string keycloak_argon2(const object& how, const object& secret) {
  const std::string version = parameter(how, "version");
  return "$argon2" + parameter(how, "type") + "$v=" + (version == "1.3" ? "19" : version) +
         "$m=" + parameter(how, "memory") + ",t=" + text_at(how, "hashIterations") +
         ",p=" + parameter(how, "parallelism") + '$' + without_padding(text_at(secret, "salt")) + '$' +
         without_padding(text_at(secret, "value"));
}

std::string keycloak_pbkdf2(std::string_view digest, const object& how, const object& secret) {
  const std::string value = text_at(secret, "value");
  const auto bytes = crypto::read_base64(value);
  return "$pbkdf2-" + std::string(digest) + "$i=" + text_at(how, "hashIterations") +
         ",l=" + std::to_string(bytes ? bytes->size() : 0) + '$' + text_at(secret, "salt") + '$' + value;
}

std::string keycloak_hash(const object& credential) {
  const object how = object_at(credential, "credentialData"), secret = object_at(credential, "secretData");
  const std::string algorithm = text_at(how, "algorithm");
  if (algorithm == "argon2") return keycloak_argon2(how, secret);
  if (algorithm == "pbkdf2") return keycloak_pbkdf2("sha1", how, secret);
  if (algorithm.starts_with("pbkdf2-")) return keycloak_pbkdf2(algorithm.substr(7), how, secret);
  return algorithm;
}

// Of hash_config: the text between `name` and the end of its line or item.
std::string setting(std::string_view text, std::string_view name) {
  size_t at = text.find(name);
  if (at == text.npos) return "";
  at = text.find_first_not_of(": \t\"", at + name.size());
  if (at == text.npos) return "";
  return std::string(text.substr(at, text.find_first_of(", \t\r\n\"}", at) - at));
}

// Some tools write the alphabet for URLs.
std::string standard_base64(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  return text;
}

// Who signed up anonymously or by telephone.
bool has_no_address(const object& user) { return text_at(user, "email").empty(); }

std::string any_of(const object& row, std::string_view camel, std::string_view snake) {
  return text_at(row, find(row, camel) ? camel : snake);
}

}  // namespace

core::Result<FirebaseHash> read_firebase_hash(std::string_view text) {
  FirebaseHash hash{.signer_key = setting(text, "base64_signer_key"),
                    .salt_separator = setting(text, "base64_salt_separator"),
                    .rounds = setting(text, "rounds"),
                    .mem_cost = setting(text, "mem_cost")};
  for (const auto& [name, value] : {std::pair("base64_signer_key", hash.signer_key),
                                    {"base64_salt_separator", hash.salt_separator},
                                    {"rounds", hash.rounds},
                                    {"mem_cost", hash.mem_cost}})
    if (value.empty())
      return core::fail(core::Code::validation_failed, std::string("the file of --hash-config has no ") + name);
  return hash;
}

std::optional<ReadEntry> from_keycloak(const object& user, const Context&) {
  if (!text_at(user, "serviceAccountClientId").empty()) return std::nullopt;
  Entry entry = create(user, "createdTimestamp");
  entry.email_verified = flag_at(user, "emailVerified");
  entry.disabled = find(user, "enabled") && !flag_at(user, "enabled");
  entry.first_name = some(text_at(user, "firstName"));
  entry.last_name = some(text_at(user, "lastName"));
  for (const auto& credential : array_at(user, "credentials"))
    if (credential.is_object() && text_at(credential.get_object(), "type") == "password")
      entry.password_hash = keycloak_hash(credential.get_object());
  return entry;
}

std::optional<ReadEntry> from_supabase(const object& user, const Context& context) {
  if (!text_at(user, "deleted_at").empty() || flag_at(user, "is_anonymous") || has_no_address(user))
    return std::nullopt;
  Entry entry = create(user, "created_at");
  entry.email_verified = time_at(user, "email_confirmed_at").has_value();
  // What is later than any time that can be read is a ban as well.
  const std::string banned = text_at(user, "banned_until");
  entry.disabled = !banned.empty() && parse_time(banned).value_or(core::Time::max()) > context.now;
  const object data = object_at(user, "raw_user_meta_data");
  entry.first_name = some(text_at(data, "first_name"));
  entry.last_name = some(text_at(data, "last_name"));
  set_names(entry, text_at(data, find(data, "full_name") ? "full_name" : "name"));
  entry.password_hash = some(text_at(user, "encrypted_password"));
  return entry;
}

std::optional<ReadEntry> from_firebase(const object& user, const Context& context) {
  if (has_no_address(user)) return std::nullopt;
  Entry entry = create(user, "createdAt");
  entry.email_verified = flag_at(user, "emailVerified");
  entry.disabled = flag_at(user, "disabled");
  set_names(entry, text_at(user, "displayName"));
  const std::string hash = text_at(user, "passwordHash");
  if (hash.empty()) return entry;
  if (!context.firebase)
    return refuse("passwordHash", "hash_config_needed", "can be read only with --hash-config=FILE");
  const auto& how = *context.firebase;
  entry.password_hash = "$firescrypt$ln=" + how.mem_cost + ",r=" + how.rounds + ",p=1$" +
                        standard_base64(text_at(user, "salt")) + '$' + standard_base64(hash) + '$' +
                        standard_base64(how.salt_separator) + '$' + standard_base64(how.signer_key);
  return entry;
}

std::map<std::string, std::string, std::less<>> better_auth_passwords(const boost::json::array& accounts) {
  std::map<std::string, std::string, std::less<>> passwords;
  for (const auto& account : accounts) {
    if (!account.is_object()) continue;
    const auto& row = account.get_object();
    if (any_of(row, "providerId", "provider_id") == "credential")
      passwords[any_of(row, "userId", "user_id")] = text_at(row, "password");
  }
  return passwords;
}

std::optional<ReadEntry> from_better_auth(const object& user, const Context& context) {
  Entry entry = create(user, find(user, "createdAt") ? "createdAt" : "created_at");
  entry.email_verified = flag_at(user, find(user, "emailVerified") ? "emailVerified" : "email_verified");
  entry.disabled = flag_at(user, "banned");
  set_names(entry, text_at(user, "name"));
  const auto password = context.passwords.find(text_at(user, "id"));
  if (password != context.passwords.end()) entry.password_hash = some(password->second);
  return entry;
}

std::optional<ReadEntry> from_kratos(const object& user, const Context&) {
  Entry entry = create(user, "created_at");
  const object traits = object_at(user, "traits"), name = object_at(traits, "name");
  entry.email = text_at(traits, "email");
  for (const auto& item : array_at(user, "verifiable_addresses")) {
    if (!item.is_object() || text_at(item.get_object(), "via") != "email") continue;
    const std::string address = text_at(item.get_object(), "value");
    if (entry.email.empty()) entry.email = address;
    if (address == entry.email) entry.email_verified = flag_at(item.get_object(), "verified");
  }
  entry.disabled = text_at(user, "state") == "inactive";
  entry.first_name = some(text_at(name, "first"));
  entry.last_name = some(text_at(name, "last"));
  set_names(entry, text_at(traits, "name"));
  const object password = object_at(object_at(user, "credentials"), "password");
  entry.password_hash = some(text_at(object_at(password, "config"), "hashed_password"));
  return entry;
}

}  // namespace imports
