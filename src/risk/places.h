// Owns: where on Earth and in which network an address is.
// Does not own: what follows from it (rules.h).
// Thread rule: any thread; a Places is read only once it is open.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"

namespace risk {

struct Location {
  double latitude = 0, longitude = 0;  // degrees
};

struct Place {
  std::string country;  // ISO 3166-1 alpha-2; empty when it is not known
  std::optional<Location> location;
};

// Along the surface.
double kilometres(const Location& from, const Location& to);

// "192.0.2.0/24" or "2001:db8:1::/48": what one household, office or mobile cell shares. Empty for what is no address.
std::string network_of(const std::string& address);

// A database in MaxMind's format (GeoLite2-City, GeoIP2-City, -Country).
class Places {
 public:
  Places();
  ~Places();
  Places(Places&&) noexcept;
  Places& operator=(Places&&) noexcept;

  // Knows nothing when `path` is empty. The error's cause says what is wrong with the file.
  static core::Result<Places> open(const std::string& path);
  // What the database says; of an address that it does not hold nothing is known.
  Place find(const std::string& address) const;

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace risk
