// Owns: who the client is when proxies stand in between.
// Does not own: sockets.
// Thread rule: values and pure functions.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace http {

// An IP address. IPv4 is kept in its IPv6-mapped form, so that both spellings are one address.
struct Address {
  std::array<uint8_t, 16> bytes{};
  bool operator==(const Address&) const = default;

  // "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"; a zone ("%eth0") is refused.
  static std::optional<Address> parse(std::string_view text);
  bool is_v4() const;
  // The usual text; mapped IPv4 as IPv4.
  std::string str() const;
};

// "10.0.0.0/8", "2001:db8::/32", or one address.
struct Network {
  Address address;
  int prefix = 128;  // bits of the mapped form

  static std::optional<Network> parse(std::string_view text);
  bool holds(const Address& other) const;
};

class TrustedProxies {
 public:
  explicit TrustedProxies(std::span<const std::string> networks);
  bool trusts(const Address& peer) const;
  // The client behind a trusted peer: the right-most address of `forwarded_for` (all X-Forwarded-For values, in order)
  // that is no trusted proxy. What cannot be read ends the search, as nothing left of it can be believed.
  Address client(const Address& peer, std::span<const std::string_view> forwarded_for) const;

 private:
  std::vector<Network> networks_;
};

}  // namespace http
