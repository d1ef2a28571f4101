#include "http/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "http/text.h"

namespace http {
namespace {

constexpr std::array<uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// An entry of X-Forwarded-For: some proxies write the port behind it, and IPv6 in brackets.
std::optional<Address> parse_entry(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : Address::parse(text.substr(1, end - 1));
  }
  const size_t colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return Address::parse(has_port ? text.substr(0, colon) : text);
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  char name[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof name) return std::nullopt;
  std::memcpy(name, text.data(), text.size());
  name[text.size()] = 0;
  Address out;
  if (inet_pton(AF_INET6, name, out.bytes.data()) == 1) return out;
  std::ranges::copy(mapped_prefix, out.bytes.begin());
  if (inet_pton(AF_INET, name, out.bytes.data() + 12) == 1) return out;
  return std::nullopt;
}

bool Address::is_v4() const { return std::ranges::equal(std::span(bytes).first(12), mapped_prefix); }

std::string Address::str() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_v4()) inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  else inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::optional<Network> Network::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Network{*address, 128};
  const auto digits = text.substr(slash + 1);
  const bool v4 = text.find(':') == std::string_view::npos;
  int bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || bits < 0 || bits > (v4 ? 32 : 128))
    return std::nullopt;
  return Network{*address, v4 ? bits + 96 : bits};
}

bool Network::holds(const Address& other) const {
  for (int bit = 0; bit < prefix; bit += 8) {
    const auto at = static_cast<size_t>(bit / 8);
    const int left = std::min(8, prefix - bit);
    if ((address.bytes[at] ^ other.bytes[at]) >> (8 - left)) return false;
  }
  return true;
}

TrustedProxies::TrustedProxies(std::span<const std::string> networks) {
  for (const auto& text : networks)
    if (const auto network = Network::parse(text)) networks_.push_back(*network);
}

bool TrustedProxies::trusts(const Address& peer) const {
  return std::ranges::any_of(networks_, [&](const Network& network) { return network.holds(peer); });
}

Address TrustedProxies::client(const Address& peer, std::span<const std::string_view> forwarded_for) const {
  std::vector<std::string_view> entries;
  for (const auto value : forwarded_for) {
    std::optional<std::string_view> rest = value;
    while (const auto entry = next_part(rest, ',')) entries.push_back(*entry);
  }
  Address nearest = peer;
  for (auto entry = entries.rbegin(); entry != entries.rend() && trusts(nearest); ++entry) {
    const auto address = parse_entry(*entry);
    if (!address) break;
    nearest = *address;
  }
  return nearest;
}

}  // namespace http
