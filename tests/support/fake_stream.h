// A changes::Stream in memory; several of them on one Entries are the nodes of a fleet. Nothing waits.
#pragma once
#include "changes/change_stream.h"

namespace test {

class FakeStream final : public changes::Stream {
 public:
  struct Entries {
    std::vector<changes::StreamEntry> all;
    std::string epoch = "first";
    int64_t number = 0;

    void add(std::vector<changes::Change> changes) {
      all.push_back({.id = std::to_string(all.size() + 1), .mark = {epoch, ++number}, .changes = std::move(changes)});
    }
    // The server forgot everything and begins anew.
    void begin_epoch(std::string next) {
      epoch = std::move(next);
      number = 0;
    }
  };
  explicit FakeStream(Entries& entries) : entries_(entries) {}
  bool down = false, quiet = false;  // quiet: gives no sign of life

  core::Result<> publish(std::span<const changes::Change> changes) override {
    if (down) return core::fail(core::Code::store_unavailable);
    if (!changes.empty() || !quiet) entries_.add({changes.begin(), changes.end()});
    return {};
  }
  core::Result<changes::StreamPosition> join() override {
    if (down) return core::fail(core::Code::store_unavailable);
    if (entries_.all.empty()) return changes::StreamPosition{.id = "0", .last = {}};
    return changes::StreamPosition{.id = entries_.all.back().id, .last = entries_.all.back().mark};
  }
  core::Result<std::vector<changes::StreamEntry>> read(const changes::StreamPosition& since) override {
    if (down) return core::fail(core::Code::store_unavailable);
    const auto begin = std::min<size_t>(std::stoul(since.id), entries_.all.size());
    const auto end = std::min(begin + most, entries_.all.size());
    return std::vector(entries_.all.begin() + static_cast<ptrdiff_t>(begin),
                       entries_.all.begin() + static_cast<ptrdiff_t>(end));
  }

 private:
  Entries& entries_;
};

}  // namespace test
