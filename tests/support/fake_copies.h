// sessions::Copies in memory; give one to several nodes.
#pragma once
#include <map>

#include "sessions/copies.h"

namespace test {

class FakeCopies final : public sessions::Copies {
 public:
  std::map<sessions::SessionId, sessions::Copy> held;
  int found = 0;

  std::optional<sessions::Copy> find(sessions::SessionId session) override {
    const auto at = held.find(session);
    if (at == held.end()) return std::nullopt;
    ++found;
    return at->second;
  }
  void put(std::span<const sessions::Copy> copies) override {
    for (const auto& copy : copies) held.insert_or_assign(copy.session, copy);
  }
};

}  // namespace test
