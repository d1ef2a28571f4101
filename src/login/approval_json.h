// Owns: requests and answers of approval_routes.h.
#pragma once
#include "login/login_json.h"
#include "risk/approval_store.h"

namespace login {

struct ApprovalClaimRequest {
  crypto::Secret token;
  std::optional<sessions::DeviceJson> device;
  static constexpr std::string_view name = "ApprovalClaimRequest";
  static constexpr auto fields() {
    return std::tuple{field("mfaToken", &ApprovalClaimRequest::token, "Of the sign-in that waits.", length(1, 1024)),
                      field("deviceInfo", &ApprovalClaimRequest::device, "The device that signs in.")};
  }
};

struct ApproveRequest {
  std::string number;
  static constexpr std::string_view name = "ApproveRequest";
  static constexpr auto fields() {
    return std::tuple{field("number", &ApproveRequest::number, "That the device which signs in shows.", length(1, 16))};
  }
};

struct ApprovalJson {
  risk::ApprovalId id;
  std::string device, ip_address;
  core::Time at, expires_at;
  static constexpr std::string_view name = "Approval";
  static constexpr auto fields() {
    return std::tuple{field("id", &ApprovalJson::id, "Of the sign-in that waits."),
                      field("device", &ApprovalJson::device, "That signs in."),
                      field("ipAddress", &ApprovalJson::ip_address, "From where."),
                      field("at", &ApprovalJson::at, "Since when."),
                      field("expiresAt", &ApprovalJson::expires_at, "Until when.")};
  }
};

struct ApprovalListJson {
  std::vector<ApprovalJson> approvals;
  static constexpr std::string_view name = "ApprovalList";
  static constexpr auto fields() {
    return std::tuple{field("approvals", &ApprovalListJson::approvals, "The newest first.")};
  }
};

}  // namespace login
