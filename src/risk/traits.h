// Owns: what is remembered of where a user signs in from, as texts that are compared.
// Thread rule: pure functions.
#pragma once
#include "devices/device.h"
#include "risk/places.h"

namespace risk {

// A device as it is remembered: by the id that its client sends, else by platform and name. One that nobody can tell
// from others is familiar once it was used.
inline std::string device_trait(const devices::Device& device) {
  if (device.device_id && !device.device_id->empty()) return "device id " + *device.device_id;
  return "device " + device.platform.value_or("") + ' ' + device.name.value_or("");
}
inline std::string network_trait(const std::string& ip_address) { return "network " + network_of(ip_address); }
inline std::string country_trait(const Place& place) { return "country " + place.country; }

}  // namespace risk
