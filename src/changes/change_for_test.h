// A change that tests can tell from others by its mark.
#pragma once
#include "changes/change.h"

namespace changes {

inline Change change(uint8_t mark, Kind kind = Kind::session) {
  Change made{.kind = kind};
  made.key.bytes[15] = mark;
  return made;
}

}  // namespace changes
