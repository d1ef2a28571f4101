// Owns: requests and answers of the sign-in routes.
#pragma once
#include "accounts/user_json.h"
#include "crypto/settings.h"
#include "login/signed_in.h"
#include "login/step_up.h"
#include "sessions/session_json.h"
#include "webauthn/passkey_json.h"

namespace login {

using core::field, core::length;

inline constexpr core::Rule email_length = length(1, 320), password_length = length(1, 4096),
                            otp_length = length(1, 64);

struct RegisterRequest {
  std::string email;
  crypto::Secret password;
  std::string first_name, last_name;
  accounts::AccountType account_type{};
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "RegisterRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("email", &RegisterRequest::email, "Where the code is mailed to.", email_length),
        field("password", &RegisterRequest::password, "8 to 256 characters, taken as they are.", password_length),
        field("firstName", &RegisterRequest::first_name, "Stored as sent.", length(1, 100)),
        field("lastName", &RegisterRequest::last_name, "Stored as sent.", length(1, 100)),
        field("accountType", &RegisterRequest::account_type, "A label."),
        field("deviceInfo", &RegisterRequest::device, "Accepted and not used: a session begins with verify-email.")};
  }
};

struct Registered {
  std::string message, email;
  int64_t otp_expires_in = 0;
  static constexpr std::string_view name = "Registered";
  static constexpr auto fields() {
    return std::tuple{field("message", &Registered::message, "For people."),
                      field("email", &Registered::email, "As stored."),
                      field("otpExpiresIn", &Registered::otp_expires_in, "Seconds that the code is good for.")};
  }
};

struct VerifyRequest {
  std::string email;
  crypto::Secret otp;
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "VerifyEmailRequest";
  static constexpr auto fields() {
    return std::tuple{field("email", &VerifyRequest::email, "The address that was registered.", email_length),
                      field("otp", &VerifyRequest::otp, "The six digits of the mail.", otp_length),
                      field("deviceInfo", &VerifyRequest::device, "The device that signs in.")};
  }
};

struct EmailRequest {
  std::string email;
  static constexpr std::string_view name = "EmailRequest";
  static constexpr auto fields() {
    return std::tuple{field("email", &EmailRequest::email, "The account's address.", email_length)};
  }
};

struct LoginRequest {
  std::string email;
  crypto::Secret password;
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "LoginRequest";
  static constexpr auto fields() {
    return std::tuple{field("email", &LoginRequest::email, "The account's address.", email_length),
                      field("password", &LoginRequest::password, "The account's password.", password_length),
                      field("deviceInfo", &LoginRequest::device, "The device that signs in.")};
  }
};

struct RefreshRequest {
  crypto::Secret refresh_token;
  static constexpr std::string_view name = "RefreshRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("refreshToken", &RefreshRequest::refresh_token, "The newest that the client holds.", length(1, 1024))};
  }
};

struct TokensJson {
  crypto::Secret access_token, refresh_token;
  std::string token_type = "Bearer";
  int64_t expires_in = 0, refresh_expires_in = 0;
  sessions::SessionId session;
  accounts::UserJson user;
  static constexpr std::string_view name = "Tokens";
  static constexpr auto fields() {
    return std::tuple{
        field("accessToken", &TokensJson::access_token, "A JWT for `Authorization: Bearer`."),
        field("refreshToken", &TokensJson::refresh_token, "For POST /auth/refresh; keep the newest."),
        field("tokenType", &TokensJson::token_type, "Bearer (RFC 6750)."),
        field("expiresIn", &TokensJson::expires_in, "Seconds that the access token is good for."),
        field("refreshExpiresIn", &TokensJson::refresh_expires_in, "Seconds until an unused session ends."),
        field("sessionId", &TokensJson::session, "Names the session; opens nothing."),
        field("user", &TokensJson::user, "Who signed in.")};
  }
};

// In the place of Tokens, when the user has a second factor.
struct MfaRequiredJson {
  bool mfa_required = true;
  crypto::Secret token;
  int64_t expires_in = 0;
  std::vector<SecondMethod> methods, enrol;
  std::optional<std::string> approval_number;
  static constexpr std::string_view name = "MfaRequired";
  static constexpr auto fields() {
    return std::tuple{field("mfaRequired", &MfaRequiredJson::mfa_required, "Always true: nobody is signed in yet."),
                      field("mfaToken", &MfaRequiredJson::token, "For POST /auth/mfa/verify; opens nothing else."),
                      field("expiresIn", &MfaRequiredJson::expires_in, "Seconds that it is good for."),
                      field("methods", &MfaRequiredJson::methods,
                            "By one of which the sign-in is completed: totp, recovery_code and email_code (a code "
                            "was mailed) by POST /auth/mfa/verify, passkey by signing in with it, approval by another "
                            "session of the user, whereafter POST /auth/mfa/approval answers."),
                      field("enrol", &MfaRequiredJson::enrol,
                            "When `methods` is empty: what is to be added before the sign-in is completed, one of "
                            "them, by POST /auth/mfa/enrol/…."),
                      field("approvalNumber", &MfaRequiredJson::approval_number,
                            "With the method approval: to be shown to the user, who enters it where he is signed in.")};
  }
};

struct VerifyFactorRequest {
  crypto::Secret token, code;
  CodeMethod method{};
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "VerifyFactorRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("mfaToken", &VerifyFactorRequest::token, "Of the sign-in that is to be completed.", length(1, 1024)),
        field("method", &VerifyFactorRequest::method, "What `code` is of."),
        field("code", &VerifyFactorRequest::code,
              "The six digits that the app shows, those of a mail, or a recovery code.", otp_length),
        field("deviceInfo", &VerifyFactorRequest::device, "The device that signs in.")};
  }
};

struct PasskeySignInRequest {
  webauthn::AuthenticationJson credential;
  std::optional<sessions::DeviceJson> device;
  std::optional<bool> restore;
  static constexpr std::string_view name = "PasskeySignInRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("credential", &PasskeySignInRequest::credential, "What navigator.credentials.get() gave, toJSON()."),
        field("deviceInfo", &PasskeySignInRequest::device, "The device that signs in."),
        field("restore", &PasskeySignInRequest::restore, "true: take back that the account is to be deleted.")};
  }
};

struct PasskeyProofRequest {
  webauthn::AuthenticationJson credential;
  static constexpr std::string_view name = "PasskeyProof";
  static constexpr auto fields() {
    return std::tuple{
        field("credential", &PasskeyProofRequest::credential, "What navigator.credentials.get() gave, toJSON().")};
  }
};

struct MfaTokenRequest {
  crypto::Secret token;
  static constexpr std::string_view name = "MfaTokenRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("mfaToken", &MfaTokenRequest::token, "Of the sign-in that is to be completed.", length(1, 1024))};
  }
};

struct ConfirmLateTotpRequest {
  crypto::Secret token, code;
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "ConfirmTotpAtSignInRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("mfaToken", &ConfirmLateTotpRequest::token, "Of the sign-in that is to be completed.", length(1, 1024)),
        field("code", &ConfirmLateTotpRequest::code, "The six digits that the app shows.", otp_length),
        field("deviceInfo", &ConfirmLateTotpRequest::device, "The device that signs in.")};
  }
};

struct EnrolledJson {
  TokensJson tokens;
  std::vector<crypto::Secret> recovery_codes;
  static constexpr std::string_view name = "TotpConfirmedAtSignIn";
  static constexpr auto fields() {
    return std::tuple{field("tokens", &EnrolledJson::tokens, "Of the session that begins."),
                      field("recoveryCodes", &EnrolledJson::recovery_codes,
                            "For the day the app is lost: each opens once. They are not shown again.")};
  }
};

struct AddLatePasskeyRequest {
  crypto::Secret token;
  std::optional<std::string> passkey_name;
  webauthn::RegistrationJson credential;
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "AddPasskeyAtSignInRequest";
  static constexpr auto fields() {
    return std::tuple{
        field("mfaToken", &AddLatePasskeyRequest::token, "Of the sign-in that is to be completed.", length(1, 1024)),
        field("name", &AddLatePasskeyRequest::passkey_name, "What the user calls it; Passkey when absent.",
              webauthn::name_length),
        field("credential", &AddLatePasskeyRequest::credential, "What navigator.credentials.create() gave, toJSON()."),
        field("deviceInfo", &AddLatePasskeyRequest::device, "The device that signs in.")};
  }
};

struct StepUpRequest {
  ProofMethod method{};
  crypto::Secret proof;
  static constexpr std::string_view name = "StepUpRequest";
  static constexpr auto fields() {
    return std::tuple{field("method", &StepUpRequest::method, "One that step_up_required names."),
                      field("proof", &StepUpRequest::proof, "The password, or the code.", password_length)};
  }
};

struct RenameRequest {
  std::optional<std::string> first_name, last_name;
  static constexpr std::string_view name = "RenameRequest";
  static constexpr auto fields() {
    return std::tuple{field("firstName", &RenameRequest::first_name, "Unchanged when absent.", length(1, 100)),
                      field("lastName", &RenameRequest::last_name, "Unchanged when absent.", length(1, 100))};
  }
};

struct UserAnswer {
  accounts::UserJson user;
  static constexpr std::string_view name = "UserAnswer";
  static constexpr auto fields() { return std::tuple{field("user", &UserAnswer::user, "As it is now.")}; }
};

struct Message {
  std::string message;
  static constexpr std::string_view name = "Message";
  static constexpr auto fields() { return std::tuple{field("message", &Message::message, "For people.")}; }
};

}  // namespace login
