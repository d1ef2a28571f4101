// Transactions that commit in any order, or are lost with the database's last ones, before two processes that poll: one
// makes copies of what it reads, the other judges them. Seeded; USHER_SEED repeats a run.
//
// What holds: a poll tells of everything that was committed before it; and no copy is believed whose reader had not
// seen a change of its user that was told.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "changes/change_feed.h"
#include "changes/change_for_test.h"
#include "tests/support/fake_stream.h"
#include "tests/support/fake_transactor.h"

namespace changes {
namespace {

using core::Millis;

// PostgreSQL in small: transactions take their number, and their rows' numbers, when they write.
class Outbox final : public Store {
 public:
  struct Written {
    Row row;
    bool told = false;
  };
  std::vector<Written> committed;  // as they were

  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  explicit Outbox(uint64_t seed) : random_(seed) {
    write();
    while (committed.empty()) finish();
  }

  void write() {
    const int64_t txid = open_.empty() || below(3) > 0 ? next_txid_++ : any_open()->first;
    open_[txid].push_back({++last_seq_, txid, core::from_millis(++time_), change(static_cast<uint8_t>(1 + below(5)))});
  }
  // One in four is undone.
  void finish() {
    if (open_.empty()) return write();
    const auto one = any_open();
    if (below(4) > 0)
      for (const Row& row : one->second) committed.push_back({row});
    open_.erase(one);
  }
  // The last commits are lost and what was open with them; their transactions' numbers are given again, and in a backup
  // that is restored those of their rows.
  void go_back() {
    for (size_t lost = 1 + below(4); lost > 0 && committed.size() > 1; --lost) committed.pop_back();
    open_.clear();
    next_txid_ = 1 + std::ranges::max(committed, {}, [](const Written& w) { return w.row.txid; }).row.txid;
    if (below(2) == 0) last_seq_ = newest().seq;
  }
  std::set<core::Time> of(const core::Uuid& user) const {
    std::set<core::Time> rows;
    for (const Written& one : committed)
      if (one.row.change.key == user) rows.insert(one.row.at);
    return rows;
  }

  core::Result<Cursor> head(core::Tx&) override {
    return Cursor{.seq = newest().seq, .txid = open_.empty() ? next_txid_ : open_.begin()->first, .at = newest().at};
  }
  core::Result<Batch> list(core::Tx& tx, const Cursor& since) override {
    Batch batch{.changes = {}, .next = *head(tx)};
    bool known = since.seq == 0;
    for (const auto& [row, told] : committed) {
      known |= row.seq == since.seq && row.at == since.at;
      if (row.seq > since.seq || row.txid >= since.txid) batch.changes.push_back(row);
    }
    batch.gap = batch.went_back = !known;
    return batch;
  }
  core::Result<std::optional<Cursor>> back(core::Tx&, int64_t) override { return std::nullopt; }
  core::Result<bool> holds(core::Tx&, int64_t seq) override {
    return std::ranges::any_of(committed, [&](const Written& w) { return w.row.seq == seq; });
  }
  core::Result<int64_t> append(core::Tx&, const Change&) override { return core::fail(core::Code::internal); }
  core::Result<int64_t> prune(core::Tx&, core::Time, int64_t) override { return 0; }

 private:
  std::map<int64_t, std::vector<Row>>::iterator any_open() {
    return std::next(open_.begin(), static_cast<ptrdiff_t>(below(open_.size())));
  }
  const Row& newest() const {
    return std::ranges::max_element(committed, {}, [](const Written& w) { return w.row.seq; })->row;
  }

  std::mt19937_64 random_;
  int64_t next_txid_ = 100, last_seq_ = 0, time_ = 1'800'000'000'000;
  std::map<int64_t, std::vector<Row>> open_;
};

struct Process {
  Process(core::Transactor& transactor, Outbox& outbox, const core::Clock& clock, test::FakeStream::Entries& entries)
      : stream(entries), feed(transactor, outbox, clock, [] { return std::nullopt; }, metrics, {&stream, false}) {}
  test::FakeStream stream;
  core::Metrics metrics;
  Feed feed;
};

class World {
 public:
  explicit World(uint64_t seed) : outbox_(seed) {
    judge_.feed.subscribe([this](const std::optional<Change>& change) {
      for (auto& [row, told] : outbox_.committed) told |= !change || row.change == *change;
    });
    poll(maker_);
    poll(judge_);
  }
  std::string run(int steps) {
    for (int i = 0; i < steps && broken_.empty(); ++i) step();
    return broken_;
  }
  size_t believed = 0;

 private:
  struct Copy {
    Cursor seen;
    core::Uuid user;
    std::set<core::Time> changes;  // that its reader saw
  };

  void step() {
    switch (outbox_.below(12)) {
      case 0:
      case 1:
      case 2:
        return outbox_.write();
      case 3:
      case 4:
      case 5:
        return outbox_.finish();
      case 6:
        return poll(maker_);
      case 7:
      case 8:
        return make();
      case 9:
        return outbox_.below(30) == 0 ? outbox_.go_back() : void();
      default:
        poll(judge_);
        return judge();
    }
  }
  void poll(Process& process) {
    clock_.advance(Millis(1));
    if (!process.feed.poll()) broken_ = "a poll failed";
  }
  // It reads now what was committed, after a poll of some time ago.
  void make() {
    const core::Uuid user = change(static_cast<uint8_t>(1 + outbox_.below(5))).key;
    copies_.push_back({maker_.feed.reached(), user, outbox_.of(user)});
    if (copies_.size() > 20) copies_.erase(copies_.begin());
  }
  void judge() {
    if (!std::ranges::all_of(outbox_.committed, &Outbox::Written::told)) broken_ = "a change was skipped";
    for (const Copy& copy : copies_) {
      if (!judge_.feed.covers(copy.seen, copy.user)) continue;
      ++believed;
      const auto now = outbox_.of(copy.user);
      if (!std::ranges::includes(copy.changes, now)) broken_ = "a copy was believed whose user had changed";
    }
  }

  core::FakeClock clock_;
  test::FakeTransactor transactor_;
  test::FakeStream::Entries entries_;
  Outbox outbox_;
  Process maker_{transactor_, outbox_, clock_, entries_}, judge_{transactor_, outbox_, clock_, entries_};
  std::vector<Copy> copies_;
  std::string broken_;
};

TEST(OutOfOrder, NothingIsSkippedAndNoOutdatedCopyIsBelieved) {
  const char* given = std::getenv("USHER_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  size_t believed = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    World world(seed + i);
    EXPECT_EQ(world.run(3000), "") << "seed " << seed + i;
    believed += world.believed;
  }
  std::printf("%zu times a copy was believed; seed %llu\n", believed, static_cast<unsigned long long>(seed));
  EXPECT_GT(believed, 5000u);
}

}  // namespace
}  // namespace changes
