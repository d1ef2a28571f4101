#include "webauthn/client_data.h"

#include <algorithm>

#include "core/json.h"
#include "crypto/digest.h"

namespace webauthn {
namespace {

using core::Result;
namespace json = boost::json;

std::string_view type_of(Ceremony ceremony) {
  return ceremony == Ceremony::create ? "webauthn.create" : "webauthn.get";
}

// "UTF-8 decode" of the Encoding standard drops a byte order mark.
std::string_view without_bom(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

// Empty, which nothing is compared with, when it is absent or no string.
std::string_view text_at(const json::object& data, std::string_view member) {
  const auto* value = data.if_contains(member);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool is_listed(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

Result<> verify_framing(const json::object& data, const Expected& expected) {
  const auto* cross = data.if_contains("crossOrigin");
  if (cross && !cross->is_bool()) return refused("crossOrigin is no boolean");
  const bool framed = cross && cross->get_bool();
  if (framed && expected.top_origins.empty()) return refused("crossOrigin");
  if (!data.contains("topOrigin")) return {};
  if (!framed || !is_listed(expected.top_origins, text_at(data, "topOrigin"))) return refused("topOrigin");
  return {};
}

}  // namespace

std::unexpected<core::Error> refused(std::string what) {
  return core::fail_because(core::Code::passkey_invalid, "webauthn: " + std::move(what));
}

std::string challenge_of(crypto::Bytes bytes) {
  const auto parsed = core::parse_json(without_bom(crypto::as_text(bytes)));
  return parsed && parsed->is_object() ? std::string(text_at(parsed->get_object(), "challenge")) : "";
}

// A member that stands twice is refused with the rest of what core::parse_json() refuses: whoever reads it next might
// take the other one.
Result<> verify_client_data(crypto::Bytes bytes, Ceremony ceremony, const Expected& expected) {
  const auto parsed = core::parse_json(without_bom(crypto::as_text(bytes)));
  if (!parsed || !parsed->is_object()) return refused("client data");
  const auto& data = parsed->get_object();
  if (text_at(data, "type") != type_of(ceremony)) return refused("type");
  if (expected.challenge.empty() || !crypto::equal(text_at(data, "challenge"), expected.challenge))
    return refused("challenge");
  if (!is_listed(expected.origins, text_at(data, "origin"))) return refused("origin");
  return verify_framing(data, expected);
}

}  // namespace webauthn
