#include "cache/redis_url.h"

#include <charconv>
#include <optional>

namespace cache {
namespace {

std::unexpected<core::Error> bad(std::string sentence) {
  return core::fail(core::Code::validation_failed, "redis.url " + std::move(sentence));
}

std::optional<int64_t> number(std::string_view text, int64_t most) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= 0 && value <= most ? std::optional(value) : std::nullopt;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    uint8_t byte = 0;
    const auto digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

core::Result<> read_credentials(std::string_view text, Address& address) {
  const size_t colon = text.find(':');
  const auto user = decoded(text.substr(0, colon));
  auto password = decoded(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!user || !password) return bad("has a malformed %-escape in its user or password");
  if (colon == std::string_view::npos) return bad("names a user without a password: write redis://user:password@host");
  address.user = *user;
  address.password = crypto::Secret(std::move(*password));
  return {};
}

core::Result<> read_host(std::string_view text, Address& address) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return bad("has a [ without a ]");
    port = text.substr(end + 1);
    text = text.substr(1, end - 1);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    port = text.substr(colon);
    text = text.substr(0, colon);
  }
  if (text.empty()) return bad("names no host");
  address.host = text;
  if (port.empty()) return {};
  const auto value = port.starts_with(':') ? number(port.substr(1), 65535) : std::nullopt;
  if (!value || *value == 0) return bad("has a port that is not a number from 1 to 65535");
  address.port = std::to_string(*value);
  return {};
}

}  // namespace

core::Result<Address> parse_redis_url(std::string_view url) {
  Address address;
  if (url.starts_with("rediss://")) address.tls = true;
  else if (!url.starts_with("redis://")) return bad("must begin with redis:// or rediss://");
  url.remove_prefix(url.find("//") + 2);
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) {
    TRY(read_credentials(url.substr(0, at), address));
    url.remove_prefix(at + 1);
  }
  const size_t slash = url.find('/');
  TRY(read_host(url.substr(0, slash), address));
  if (slash == std::string_view::npos || slash + 1 == url.size()) return address;
  const auto database = number(url.substr(slash + 1), 1'000'000);
  if (!database) return bad("has a database that is not a number");
  address.database = *database;
  return address;
}

}  // namespace cache
