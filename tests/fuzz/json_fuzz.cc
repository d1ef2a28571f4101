// Feeds the strict JSON reader and the decoding of a described struct. What is decoded must encode to what decodes
// equally.
#include <cstdint>
#include <cstdlib>

#include "core/fields.h"

namespace {

struct Device {
  std::string name_of_device;
  std::optional<int64_t> version;
  static constexpr std::string_view name = "Device";
  static constexpr auto fields() {
    return std::tuple{core::field("name", &Device::name_of_device, "", core::length(0, 64)),
                      core::field("version", &Device::version, "")};
  }
};

struct Body {
  std::string email;
  bool flag = false;
  std::vector<std::string> items;
  std::optional<Device> device;
  std::optional<core::Time> at;
  std::optional<core::Uuid> id;
  static constexpr std::string_view name = "Body";
  static constexpr auto fields() {
    return std::tuple{core::field("email", &Body::email, "", core::length(3, 254)),
                      core::field("flag", &Body::flag, ""),
                      core::field("items", &Body::items, "", core::length(0, 8)),
                      core::field("device", &Body::device, ""),
                      core::field("at", &Body::at, ""),
                      core::field("id", &Body::id, "")};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto body = core::decode<Body>({reinterpret_cast<const char*>(data), size});
  if (!body) return 0;
  const auto text = core::encode(*body);
  const auto again = core::decode<Body>(text);
  if (!again || core::encode(*again) != text) std::abort();
  return 0;
}
