// A changes::Outbox that keeps what was announced. Give `announced` to FakeTransactor::track().
#pragma once
#include <vector>

#include "changes/outbox.h"

namespace test {

class FakeOutbox final : public changes::Outbox {
 public:
  std::vector<changes::Change> announced;

  core::Result<> announce(core::Tx&, const changes::Change& change) override {
    announced.push_back(change);
    return {};
  }
};

}  // namespace test
