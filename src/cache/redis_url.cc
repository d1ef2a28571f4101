#include "cache/redis_url.h"

#include <algorithm>
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

core::Result<Endpoint> read_endpoint(std::string_view text, std::string_view default_port) {
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
  if (port.empty()) return Endpoint{std::string(text), std::string(default_port)};
  const auto value = port.starts_with(':') ? number(port.substr(1), 65535) : std::nullopt;
  if (!value || *value == 0) return bad("has a port that is not a number from 1 to 65535");
  return Endpoint{std::string(text), std::to_string(*value)};
}

core::Result<> read_endpoints(std::string_view text, std::string_view default_port, Address& address) {
  for (size_t at = 0; at != std::string_view::npos;) {
    const size_t comma = text.find(',', at);
    address.endpoints.push_back(TRY(read_endpoint(text.substr(at, comma - at), default_port)));
    at = comma == std::string_view::npos ? comma : comma + 1;
  }
  return {};
}

// What follows the first slash after the hosts; empty without one.
core::Result<> read_path(std::string_view path, bool sentinel, Address& address) {
  if (sentinel) {
    const size_t slash = std::min(path.find('/'), path.size());
    address.sentinel_name = path.substr(0, slash);
    if (address.sentinel_name.empty()) return bad("must end in /name, as the sentinels call the master");
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  if (path.empty()) return {};
  const auto database = number(path, 1'000'000);
  if (!database) return bad("has a database that is not a number");
  address.database = *database;
  return {};
}

struct Scheme {
  std::string_view prefix;
  bool tls, sentinel;
};
constexpr Scheme schemes[] = {{"redis://", false, false},
                              {"rediss://", true, false},
                              {"redis+sentinel://", false, true},
                              {"rediss+sentinel://", true, true}};

}  // namespace

core::Result<Address> parse_redis_url(std::string_view url) {
  const auto scheme = std::ranges::find_if(schemes, [&](const Scheme& one) { return url.starts_with(one.prefix); });
  if (scheme == std::end(schemes)) return bad("must begin with redis://, rediss:// or redis+sentinel://");
  url.remove_prefix(scheme->prefix.size());
  Address address;
  address.tls = scheme->tls;
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) {
    TRY(read_credentials(url.substr(0, at), address));
    url.remove_prefix(at + 1);
  }
  const size_t slash = std::min(url.find('/'), url.size());
  TRY(read_endpoints(url.substr(0, slash), scheme->sentinel ? "26379" : "6379", address));
  TRY(read_path(url.substr(std::min(slash + 1, url.size())), scheme->sentinel, address));
  return address;
}

}  // namespace cache
