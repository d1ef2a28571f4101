#include "mail/message.h"

namespace mail {

std::string masked(std::string_view address) {
  const size_t at = address.rfind('@');
  if (at == address.npos) return "***";
  size_t first = at > 0 ? 1 : 0;  // a whole character of UTF-8
  while (first < at && (static_cast<uint8_t>(address[first]) & 0xC0) == 0x80) ++first;
  return std::string(address.substr(0, first)) + "***" + std::string(address.substr(at));
}

}  // namespace mail
