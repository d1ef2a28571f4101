#include "webauthn/passkey_routes.h"

#include "sessions/session_routes.h"
#include "webauthn/credential_key.h"

namespace webauthn {
namespace {

using core::Code, core::Result, http::Context, http::Guard, http::Method, http::NoBody, sessions::origin_of,
    sessions::session_of, sessions::user_of;

int64_t timeout_of(const Config& config) { return core::Millis(config.challenge_life).count(); }

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

PasskeyJson to_json(const Passkey& passkey) {
  return {passkey.id,
          passkey.name,
          sessions::methods_of(passkey.transports),
          passkey.backup_eligible,
          passkey.backed_up,
          passkey.created_at,
          passkey.last_used_at};
}

std::vector<DescriptorJson> descriptors_of(const std::vector<Passkey>& passkeys) {
  std::vector<DescriptorJson> out;
  for (const Passkey& passkey : passkeys)
    out.push_back({.id = {passkey.credential_id}, .transports = sessions::methods_of(passkey.transports)});
  return out;
}

// The words of the specification's list and of later ones: small letters and hyphens.
bool is_transport(std::string_view word) {
  return word.size() <= 32 && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos &&
         !word.empty();
}

template <class Response>
Result<> check_form(const CredentialJson<Response>& credential) {
  if (credential.type == "public-key" && credential.id.bytes == credential.raw_id.bytes) return {};
  return refused("form");
}

Result<PasskeyJson> add(Context& context, AddPasskeyRequest request, Passkeys& passkeys) {
  const auto answer = TRY(attestation_of(std::move(request.credential)));
  return to_json(TRY(passkeys.enrol(user_of(context), session_of(context), answer,
                                    name_of(std::move(request.passkey_name)), origin_of(context))));
}

Result<PasskeyListJson> list(Context& context, Passkeys& passkeys) {
  PasskeyListJson out;
  for (const Passkey& passkey : TRY(passkeys.list(user_of(context)))) out.passkeys.push_back(to_json(passkey));
  return out;
}

Result<NoBody> rename(Context& context, const NamePasskeyRequest& request, Passkeys& passkeys) {
  const auto id = TRY(context.path_id<PasskeyId>("id"));
  TRY(passkeys.rename(user_of(context), id, request.passkey_name, origin_of(context)));
  return NoBody{};
}

Result<sessions::RevokedJson> remove(Context& context, Passkeys& passkeys) {
  const auto id = TRY(context.path_id<PasskeyId>("id"));
  return sessions::RevokedJson{TRY(passkeys.remove(user_of(context), session_of(context), id, origin_of(context)))};
}

Result<RequestOptionsJson> begin_sign_in(Passkeys& passkeys) {
  return RequestOptionsJson{.challenge = TRY(passkeys.begin_sign_in()),
                            .rp_id = passkeys.config().rp_id,
                            .timeout = timeout_of(passkeys.config()),
                            .allow = {}};
}

Result<RequestOptionsJson> begin_step_up(Context& context, Passkeys& passkeys) {
  auto begun = TRY(passkeys.begin(Purpose::step_up, user_of(context), session_of(context)));
  return RequestOptionsJson{.challenge = std::move(begun.challenge),
                            .rp_id = passkeys.config().rp_id,
                            .timeout = timeout_of(passkeys.config()),
                            .allow = descriptors_of(begun.known)};
}

}  // namespace

CreationOptionsJson to_json(const Options& begun, const Config& config) {
  const accounts::User& user = begun.user;
  CreationOptionsJson out{
      .rp = {config.rp_id, config.rp_name},
      .user = {{user_handle_of(user.id)}, user.email, user.first_name + ' ' + user.last_name},
      .challenge = begun.challenge,
      .parameters = {},
      .timeout = timeout_of(config),
      .exclude = descriptors_of(begun.known),
      .selection = {},
  };
  for (const int64_t algorithm : algorithms) out.parameters.push_back({.alg = algorithm});
  return out;
}

Result<Attestation> attestation_of(RegistrationJson credential) {
  TRY(check_form(credential));
  auto& response = credential.response;
  auto words = std::move(response.transports).value_or(std::vector<std::string>{});
  std::erase_if(words, [](const std::string& word) { return !is_transport(word); });
  return Attestation{std::move(response.client_data.bytes), std::move(response.object.bytes), joined(words)};
}

Result<Assertion> assertion_of(AuthenticationJson credential) {
  TRY(check_form(credential));
  auto& response = credential.response;
  Assertion answer{std::move(credential.id.bytes),
                   std::move(response.client_data.bytes),
                   std::move(response.authenticator_data.bytes),
                   std::move(response.signature.bytes),
                   {}};
  if (response.user_handle) answer.user_handle = std::move(response.user_handle->bytes);
  return answer;
}

std::vector<http::Route> routes(Passkeys& p) {
  using http::route;
  std::vector<http::Route> all;
  all.push_back(route<NoBody, CreationOptionsJson>(
      {.method = Method::post,
       .path = "/auth/passkeys/options",
       .id = "beginPasskey",
       .summary = "Begin to add a passkey: options for navigator.credentials.create().",
       .guard = Guard::session().recently(),
       .budget = http::Budget::sign_ins,
       .errors = {Code::passkey_limit}},
      [&p](Context& c) -> Result<CreationOptionsJson> {
        return to_json(TRY(p.begin(Purpose::enrol, user_of(c), session_of(c))), p.config());
      }));
  all.push_back(route<AddPasskeyRequest, PasskeyJson>(
      {.method = Method::post,
       .path = "/auth/passkeys",
       .id = "addPasskey",
       .summary = "Add the passkey that the authenticator made.",
       .guard = Guard::session().recently(),
       .status = 201,
       .budget = http::Budget::sign_ins,
       .errors = {Code::passkey_invalid, Code::passkey_exists, Code::passkey_limit}},
      [&p](Context& c, AddPasskeyRequest r) { return add(c, std::move(r), p); }));
  all.push_back(route<NoBody, PasskeyListJson>({.method = Method::get,
                                                .path = "/auth/passkeys",
                                                .id = "listPasskeys",
                                                .summary = "The caller's passkeys.",
                                                .guard = Guard::session()},
                                               [&p](Context& c) { return list(c, p); }));
  all.push_back(
      route<NamePasskeyRequest, NoBody>({.method = Method::patch,
                                         .path = "/auth/passkeys/{id}",
                                         .id = "namePasskey",
                                         .summary = "Name a passkey.",
                                         .guard = Guard::session(),
                                         .status = 204,
                                         .errors = {Code::not_found}},
                                        [&p](Context& c, const NamePasskeyRequest& r) { return rename(c, r, p); }));
  all.push_back(route<NoBody, sessions::RevokedJson>({.method = Method::delete_,
                                                      .path = "/auth/passkeys/{id}",
                                                      .id = "removePasskey",
                                                      .summary = "Remove a passkey; ends the other sessions.",
                                                      .guard = Guard::session().recently(),
                                                      .errors = {Code::not_found}},
                                                     [&p](Context& c) { return remove(c, p); }));
  all.push_back(route<NoBody, RequestOptionsJson>(
      {.method = Method::post,
       .path = "/auth/passkeys/sign-in/options",
       .id = "beginPasskeySignIn",
       .summary = "Begin to sign in by a passkey: options for navigator.credentials.get().",
       .guard = Guard::open(),
       .budget = http::Budget::sign_ins},
      [&p](Context&) { return begin_sign_in(p); }));
  all.push_back(route<NoBody, RequestOptionsJson>(
      {.method = Method::post,
       .path = "/auth/step-up/passkey/options",
       .id = "beginPasskeyStepUp",
       .summary = "Begin to step up by a passkey: options for navigator.credentials.get().",
       .guard = Guard::session(),
       .budget = http::Budget::sign_ins},
      [&p](Context& c) { return begin_step_up(c, p); }));
  all.push_back(route<NoBody, OriginsJson>(
      {.method = Method::get,
       .path = "/.well-known/webauthn",
       .id = "relatedOrigins",
       .summary = "The sites that may use this service's passkeys (WebAuthn Level 3, related origin requests).",
       .guard = Guard::open()},
      [&p](Context&) -> Result<OriginsJson> { return OriginsJson{p.config().origins}; }));
  return all;
}

}  // namespace webauthn
