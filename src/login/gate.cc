#include "login/gate.h"

#include "http/text.h"

namespace login {
namespace {

constexpr std::string_view scheme = "Bearer ";

// b64token of RFC 6750 section 2.1.
bool is_token_text(std::string_view text) {
  static constexpr auto allowed = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="))
      table[static_cast<uint8_t>(c)] = true;
    return table;
  }();
  for (const char c : text)
    if (!allowed[static_cast<uint8_t>(c)]) return false;
  return !text.empty();
}

}  // namespace

core::Result<std::string_view> bearer_token(const http::Request& request) {
  const http::Header* only = nullptr;
  for (size_t i = 0; i < request.header_count; ++i) {
    if (!http::equal_without_case(request.headers[i].name, "Authorization")) continue;
    if (only) return core::fail(core::Code::token_malformed, "There is more than one Authorization header.");
    only = &request.headers[i];
  }
  if (!only) return core::fail(core::Code::token_missing);
  const std::string_view value = only->value;
  if (value.size() <= scheme.size() || !http::equal_without_case(value.substr(0, scheme.size()), scheme))
    return core::fail(core::Code::token_malformed);
  const std::string_view token = value.substr(scheme.size());
  if (!is_token_text(token)) return core::fail(core::Code::token_malformed);
  return token;
}

core::Result<http::Caller> Gate::admit(const http::Request& request, const http::Guard& guard) {
  std::vector<std::string> permissions;
  if (!guard.permission().empty()) permissions.emplace_back(guard.permission());
  const auto token = TRY(bearer_token(request));
  const auto admitted = TRY(checker_.check(token, request.received, permissions));
  if (admitted.impersonator && !guard.lets_impersonators(request.method))
    return core::fail(core::Code::impersonation_denied);
  if (guard.is_recent()) TRY(step_up_.ensure_recent(admitted.user, TRY(checker_.authenticated_at(token, admitted))));
  http::Caller caller{admitted.user.value, admitted.session.value};
  if (admitted.impersonator) caller.impersonator = admitted.impersonator->value;
  return caller;
}

}  // namespace login
