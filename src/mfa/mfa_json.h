// Owns: requests and answers about second factors.
#pragma once
#include "crypto/settings.h"
#include "mfa/own_factors.h"

namespace mfa {

using core::field, core::length;

inline constexpr core::Rule code_length = length(1, 64), password_length = length(1, 4096);

struct StatusJson {
  std::vector<Method> methods;
  int64_t recovery_codes = 0;
  static constexpr std::string_view name = "SecondFactors";
  static constexpr auto fields() {
    return std::tuple{
        field("methods", &StatusJson::methods, "What signing in asks for one of; empty: the password is enough."),
        field("recoveryCodesLeft", &StatusJson::recovery_codes, "That were not used.")};
  }
};

struct BeginTotpRequest {
  crypto::Secret password;
  static constexpr std::string_view name = "BeginTotpRequest";
  static constexpr auto fields() {
    return std::tuple{field("password", &BeginTotpRequest::password, "The account's password.", password_length)};
  }
};

struct EnrolmentJson {
  crypto::Secret secret, uri, qr;
  static constexpr std::string_view name = "TotpEnrolment";
  static constexpr auto fields() {
    return std::tuple{field("secret", &EnrolmentJson::secret, "To be typed into the app: Base32 (RFC 4648)."),
                      field("uri", &EnrolmentJson::uri, "The same with its names, as apps open it: otpauth://totp/…"),
                      field("qrSvg", &EnrolmentJson::qr, "The URI as a QR code, an SVG document.")};
  }
};

struct ConfirmTotpRequest {
  crypto::Secret code;
  static constexpr std::string_view name = "ConfirmTotpRequest";
  static constexpr auto fields() {
    return std::tuple{field("code", &ConfirmTotpRequest::code, "The six digits that the app shows.", code_length)};
  }
};

struct ConfirmedJson {
  std::vector<crypto::Secret> recovery_codes;
  int64_t revoked = 0;
  static constexpr std::string_view name = "TotpConfirmed";
  static constexpr auto fields() {
    return std::tuple{field("recoveryCodes", &ConfirmedJson::recovery_codes,
                            "For the day the app is lost: each opens once. They are not shown again."),
                      field("revoked", &ConfirmedJson::revoked, "How many other sessions ended.")};
  }
};

struct ProofRequest {
  crypto::Secret password, code;
  Method method{};
  static constexpr std::string_view name = "SecondFactorProof";
  static constexpr auto fields() {
    return std::tuple{
        field("password", &ProofRequest::password, "The account's password.", password_length),
        field("method", &ProofRequest::method, "What `code` is of."),
        field("code", &ProofRequest::code, "The six digits that the app shows, or a recovery code.", code_length)};
  }
};

struct RecoveryCodesJson {
  std::vector<crypto::Secret> codes;
  static constexpr std::string_view name = "RecoveryCodes";
  static constexpr auto fields() {
    return std::tuple{field("recoveryCodes", &RecoveryCodesJson::codes,
                            "In the place of all there were; each opens once. They are not shown again.")};
  }
};

}  // namespace mfa
