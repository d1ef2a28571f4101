// sessions::Copies in memory; give one to several nodes.
#pragma once
#include <map>

#include "sessions/copies.h"

namespace test {

class FakeCopies final : public sessions::Copies {
 public:
  std::map<sessions::SessionId, sessions::Copy> held;
  int found = 0;

  std::vector<sessions::Copy> find(std::span<const sessions::SessionId> wanted) override {
    std::vector<sessions::Copy> copies;
    for (const auto& session : wanted)
      if (const auto at = held.find(session); at != held.end()) copies.push_back(at->second);
    found += static_cast<int>(copies.size());
    return copies;
  }
  void put(std::vector<sessions::Copy> copies) override {
    for (auto& copy : copies) held.insert_or_assign(copy.session, std::move(copy));
  }
};

}  // namespace test
