// An audit::Store in memory. Give `records` to FakeTransactor::track().
#pragma once
#include <algorithm>

#include "audit/audit_store.h"

namespace test {

class FakeAudit final : public audit::Store {
 public:
  explicit FakeAudit(const core::Clock& clock) : clock_(clock) {}
  std::vector<audit::Record> records;  // oldest first

  core::Result<> append(core::Tx&, const audit::Event& event, const audit::Origin& origin) override {
    core::Uuid id;
    id.bytes[15] = static_cast<uint8_t>(records.size());
    id.bytes[14] = static_cast<uint8_t>(records.size() >> 8);
    records.push_back({id, clock_.now(), event, origin});
    return {};
  }

  core::Result<audit::Page> list(core::Tx&, const audit::Filter& filter) override {
    audit::Page page;
    for (auto record = records.rbegin(); record != records.rend() && std::ssize(page.records) < filter.limit; ++record)
      if (passes(*record, filter)) page.records.push_back(*record);
    if (std::ssize(page.records) == filter.limit) page.next = page.records.back().id;
    return page;
  }

  // "user.disabled user.enabled": the actions in order, for assertions.
  std::string actions() const {
    std::string all;
    for (const auto& record : records) all += (all.empty() ? "" : " ") + record.event.action;
    return all;
  }

 private:
  static bool passes(const audit::Record& record, const audit::Filter& filter) {
    const auto same = [](const auto& wanted, const auto& value) { return !wanted || value == *wanted; };
    return same(filter.subject, record.event.subject) && same(filter.actor, record.origin.actor) &&
           same(filter.session, record.event.session) && same(filter.action, record.event.action) &&
           (filter.actions.empty() || std::ranges::find(filter.actions, record.event.action) != filter.actions.end()) &&
           same(filter.ip_address, record.origin.ip_address) && !(filter.from && record.id < *filter.from) &&
           !(filter.before && record.id >= *filter.before);
  }

  const core::Clock& clock_;
};

}  // namespace test
