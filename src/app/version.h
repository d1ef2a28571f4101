#pragma once
#include <string>

namespace app {

inline const std::string version = USHER_VERSION;

}  // namespace app
