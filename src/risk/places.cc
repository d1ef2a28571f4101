#include "risk/places.h"

#include <arpa/inet.h>
#include <maxminddb.h>

#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace risk {
namespace {

constexpr double earth_radius = 6371;  // kilometres

struct Entry {
  MMDB_entry_s entry;

  std::optional<MMDB_entry_data_s> at(const char* const* path, uint32_t type) {
    MMDB_entry_data_s data;
    if (MMDB_aget_value(&entry, &data, path) != MMDB_SUCCESS || !data.has_data || data.type != type)
      return std::nullopt;
    return data;
  }
};

std::string country_of(Entry entry) {
  constexpr const char* path[] = {"country", "iso_code", nullptr};
  const auto found = entry.at(path, MMDB_DATA_TYPE_UTF8_STRING);
  return found ? std::string(found->utf8_string, found->data_size) : "";
}

std::optional<Location> location_of(Entry entry) {
  constexpr const char* latitude[] = {"location", "latitude", nullptr};
  constexpr const char* longitude[] = {"location", "longitude", nullptr};
  const auto first = entry.at(latitude, MMDB_DATA_TYPE_DOUBLE), second = entry.at(longitude, MMDB_DATA_TYPE_DOUBLE);
  if (!first || !second) return std::nullopt;
  return Location{first->double_value, second->double_value};
}

// The first bits of an address, as text with their count behind it.
template <size_t Size>
std::string first_bits(int family, const std::string& address, size_t bytes) {
  std::array<uint8_t, Size> raw{};
  if (::inet_pton(family, address.c_str(), raw.data()) != 1) return "";
  std::fill(raw.begin() + static_cast<std::ptrdiff_t>(bytes), raw.end(), uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, raw.data(), text.data(), text.size());
  return std::string(text.data()) + '/' + std::to_string(bytes * 8);
}

}  // namespace

double kilometres(const Location& from, const Location& to) {
  constexpr double degree = std::numbers::pi / 180;
  const double north = std::sin((to.latitude - from.latitude) * degree / 2);
  const double east = std::sin((to.longitude - from.longitude) * degree / 2);
  const double half = north * north + std::cos(from.latitude * degree) * std::cos(to.latitude * degree) * east * east;
  return 2 * earth_radius * std::asin(std::sqrt(std::min(half, 1.0)));
}

std::string network_of(const std::string& address) {
  if (address.find(':') == std::string::npos) return first_bits<4>(AF_INET, address, 3);
  return first_bits<16>(AF_INET6, address, 6);
}

struct Places::Database : MMDB_s {
  ~Database() { MMDB_close(this); }
};

Places::Places() = default;
Places::~Places() = default;
Places::Places(Places&&) noexcept = default;
Places& Places::operator=(Places&&) noexcept = default;

core::Result<Places> Places::open(const std::string& path) {
  Places places;
  if (path.empty()) return places;
  auto opened = std::make_unique<MMDB_s>();
  if (const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, opened.get()); status != MMDB_SUCCESS)
    return core::fail(core::Code::validation_failed,
                      "risk.geo_database cannot be read: " + path + ": " + MMDB_strerror(status));
  places.database_ = std::make_unique<Database>();
  static_cast<MMDB_s&>(*places.database_) = *opened;
  return places;
}

Place Places::find(const std::string& address) const {
  if (!database_) return {};
  int no_address = 0, status = 0;
  const auto found = MMDB_lookup_string(database_.get(), address.c_str(), &no_address, &status);
  if (no_address != 0 || status != MMDB_SUCCESS || !found.found_entry) return {};
  const Entry entry{found.entry};
  return {.country = country_of(entry), .location = location_of(entry)};
}

}  // namespace risk
