// Any header gives a device whose fields can be stored and shown.
#include <cstdlib>

#include "core/utf8.h"
#include "devices/device.h"
#include "devices/user_agent.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void require_storable(const std::optional<std::string>& field, size_t most) {
  if (!field) return;
  const auto count = core::count_code_points(*field);
  require(count && *count >= 1 && *count <= most && !field->contains('\0'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const devices::UserAgents agents(64);
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  const auto device = devices::complete({}, header, agents);
  require(device.name.has_value());
  require_storable(device.name, devices::longest_name);
  require_storable(device.platform, devices::longest_field);
  require_storable(device.user_agent, devices::longest_field);
  const auto family = devices::family_of({}, header, agents);
  require(devices::Family::parse(family.str()) == family);
  require(devices::same_device(family, family));
  return 0;
}
