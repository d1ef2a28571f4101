// Owns: the settings of limits.
#pragma once
#include "core/settings.h"

namespace limits {

struct Config {
  bool enabled = true;
  int64_t sign_ins = 60, mails = 20, calls = 6000;
  std::vector<std::string> exempt{"127.0.0.0/8", "::1"};
};

void declare(core::Settings& settings, Config& config);
// A network that cannot be read, as a sentence that names the setting.
core::Result<> check(const Config& config);

}  // namespace limits
