// A fleet in virtual time: nodes, store and stream that are cut off, stand still, crash, forget and come back, messages
// that are lost or come late and in another order, a database that goes back, answers that are lost and clocks that are
// set, in seeded random order, through the real feed, cache, checker and services.
// USHER_SEED repeats a run, USHER_LONG=1 makes it a million steps.
//
// What holds: (1) a session whose end was acknowledged is refused by every node that polled since, and by every other
// one after the bound; (2) a living session is never said to have ended; (3) a refresh never revives one; (4) memory
// answers only while it heard of changes as lately as the design demands, which is reckoned here from what the cables
// carried. And what shows that this can fail: each known mistake, planted, is found.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "core/log.h"
#include "tests/support/fake_copies.h"
#include "tests/support/fake_stream.h"
#include "tests/support/server_world.h"

namespace sessions {
namespace {

using core::Code, core::Millis, std::chrono::days;

enum class Mistake {
  none,
  trusts_old_memory,         // memory is used however long nothing was heard
  ignores_a_gap,             // the stream's numbers are not compared
  drops_only_what_it_holds,  // a change that finds nothing to drop does not stop a fill that is under way
  takes_silence_for_news,    // a read that brought nothing counts as heard
  forgets_to_listen,         // one node hears no changes
  believes_any_copy,         // a copy of another node is used whatever changed since
  forgets_its_ends,          // what a database lost is not ended again
};

// The stream as one node reads it, with its cable and its mistakes; and what truly came through.
class Cable final : public changes::Stream {
 public:
  Cable(test::FakeStream::Entries& entries, Mistake mistake) : stream_(entries), mistake_(mistake) {}
  bool cut = false;
  bool slow = false;  // what is published comes later, when nobody waits for it any more
  const core::Clock* clock = nullptr;
  Millis heard{-1'000'000};  // when the last read that brought something was sent
  Millis doubtful{};         // when something may have been missed

  core::Result<> publish(std::span<const changes::Change> changes) override {
    // Signs of life are the stream's own in this simulation, so that it can fall silent.
    if (changes.empty()) return {};
    stream_.down = cut;
    if (!slow || cut) return stream_.publish(changes);
    late_.emplace_back(changes.begin(), changes.end());
    return core::fail(core::Code::store_unavailable);
  }
  // In another order than they were sent.
  void deliver_late() {
    stream_.down = false;
    for (; !late_.empty(); late_.pop_back()) (void)stream_.publish(late_.back());
  }
  core::Result<changes::StreamPosition> join() override {
    stream_.down = cut;
    auto position = TRY(stream_.join());
    doubtful = clock->boot();
    last_ = position.last;
    made_up_ = 0;
    return position;
  }
  core::Result<std::vector<changes::StreamEntry>> read(const changes::StreamPosition& since) override {
    stream_.down = cut;
    auto entries = TRY(stream_.read(since));
    for (const auto& entry : entries) {
      if (!last_ || !changes::follows(last_, entry.mark)) doubtful = clock->boot();
      last_ = entry.mark;
      heard = clock->boot();
    }
    if (mistake_ == Mistake::takes_silence_for_news && since.last) make_up_news(entries, since);
    if (mistake_ == Mistake::ignores_a_gap && since.last)
      for (auto mark = *since.last; auto& entry : entries) entry.mark = {mark.epoch, ++mark.number};
    return entries;
  }

 private:
  // An entry where there was none; those that follow are numbered on from it.
  void make_up_news(std::vector<changes::StreamEntry>& entries, const changes::StreamPosition& since) {
    for (auto& entry : entries) {
      if (entry.mark.epoch != since.last->epoch) made_up_ = 0;
      entry.mark.number += made_up_;
    }
    if (!entries.empty()) return;
    entries.push_back({.id = since.id, .mark = {since.last->epoch, since.last->number + 1}});
    ++made_up_;
  }

  test::FakeStream stream_;
  const Mistake mistake_;
  int64_t made_up_ = 0;
  std::optional<changes::Mark> last_;
  std::vector<std::vector<changes::Change>> late_;
};

// What nodes keep for each other, somewhere that forgets, and may come back with what it held earlier.
class Shelf final : public sessions::Copies {
 public:
  bool cut = false, believed = false;
  const changes::Feed* feed = nullptr;  // of a node that answers; with the mistake, copies seem to be of this moment

  std::vector<Copy> find(std::span<const SessionId> sessions) override {
    if (cut) return {};
    auto copies = held_.find(sessions);
    for (Copy& copy : copies)
      if (believed && feed) copy.seen = feed->reached();
    return copies;
  }
  void put(std::vector<Copy> copies) override {
    if (!cut) held_.put(std::move(copies));
  }
  void flush() { held_.held.clear(); }
  void save() { saved_ = held_.held; }
  void go_back() { held_.held = saved_; }

 private:
  test::FakeCopies held_;
  std::map<SessionId, Copy> saved_;
};

struct Known {
  accounts::UserId user;
  SessionId id;
  crypto::Secret refresh_token;
  std::string access_token;
  std::optional<Millis> ended;                // acknowledged then
  bool end_unknown = false;                   // its end was asked for, and nobody knows what came of it
  size_t ended_by = 0;                        // the process that did
  bool was_saved = false, was_ended = false;  // when the database was saved
  bool end_lost = false;                      // with the database's last transactions
};

class Fleet {
 public:
  Fleet(uint64_t seed, Mistake mistake) : random_(seed), mistake_(mistake) {
    core::set_log(core::LogFormat::automatic, core::Level::error);
    for (int i = 0; i < 3; ++i) {
      cables_.push_back(std::make_shared<Cable>(entries_, mistake));
      nodes_.push_back(i == 0 ? test::ServerWorld::create(test::sqlite) : nodes_[0]->join(cables_.back(), shelf_));
    }
    // The first one made the database; each takes part as a node of its own.
    for (size_t i = 0; i < nodes_.size(); ++i) start(i);
    for (int i = 0; i < 4; ++i) users_.push_back(nodes_[0]->add_user());
  }

  ~Fleet() { core::set_log(core::LogFormat::automatic, core::Level::info); }
  // The first promise that was broken; empty when none was.
  std::string run(int steps) {
    for (int i = 0; i < steps && broken_.empty(); ++i) step();
    return broken_;
  }
  size_t accepted = 0, by_copy = 0, refused = 0, unavailable = 0, went_back = 0;

 private:
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }
  test::ServerWorld& node() { return *nodes_[below(nodes_.size())]; }
  Millis now() const { return time_.boot(); }

  // A new process, also where one is killed: it has what the store has, and the right time.
  void start(size_t i) {
    cables_[i]->clock = &time_;
    nodes_[i] = nodes_[(i + 1) % nodes_.size()]->join(cables_[i], shelf_);
    nodes_[i]->session_config.idle_timeout = std::chrono::hours(1);
    polled_[i] = now();
    process_[i] = ++processes_;
    nodes_[i]->feed.on_going_back([this, n = nodes_[i].get(), process = process_[i]] { end_again(*n, process); });
    skew_[i] = {};
    if (mistake_ == Mistake::forgets_to_listen && i == 2) nodes_[i]->hears = [](const auto&) {};
    if (mistake_ == Mistake::drops_only_what_it_holds)
      nodes_[i]->hears = [this, n = nodes_[i].get()](const auto& change) { drop_if_held(*n, change); };
  }
  void set_clock(size_t i, Millis skew) {
    nodes_[i]->clock.jump(skew - skew_[i]);
    skew_[i] = skew;
  }

  void step() {
    switch (below(20)) {
      case 0:
        return sign_in();
      case 1:
        return known_.empty() ? void() : sign_out(below(nodes_.size()), below(known_.size()));
      case 2:
        return refresh();
      case 3:
        return fault();
      case 4:
      case 5:
        return poll_and_follow(below(nodes_.size()));
      case 6:
      case 7:
        return pass(Millis(below(150)));
      case 8:
        if (!silent_ && chance(0.7)) entries_.add({});
        return;
      default:
        return check();
    }
  }

  // Time passes for all; whoever can does what it does a few times a second.
  void pass(Millis by) {
    for (auto& one : nodes_) one->clock.advance(by);
    nodes_[0]->database_clock->advance(by);
    time_.advance(by);
  }
  void poll_and_follow(size_t i) {
    if (stopped_ == i) return;
    if (nodes_[i]->feed.poll()) {
      polled_[i] = now();
      nodes_[i]->guard.compare(nodes_[i]->database_clock->now());
    }
    (void)nodes_[i]->feed.follow();
  }

  void sign_in() {
    auto& at = *nodes_[0];
    if (at.transactor.down || at.guard.doubtful()) return;
    const auto user = users_[below(users_.size())];
    auto issued = at.sign_in(user);
    const SessionId id = issued.session.id;
    known_.push_back({user, id, std::move(issued.refresh_token), at.access_token(user, id)});
    if (known_.size() > 40) known_.erase(known_.begin());
  }

  void sign_out(size_t by, size_t which) {
    auto& at = *nodes_[by];
    Known& one = known_[which];
    const auto ended = at.transactor.atomically(
        [&](core::Tx& tx) { return at.sessions.end(tx, one.user, one.id, EndReason::logout, {}); });
    // Who could not publish is answered once the others had the time to poll.
    if (!ended || one.ended) return;
    one.ended = now() + (cables_[by]->cut || cables_[by]->slow ? Millis(250) : Millis(0));
    if (*ended) one.ended_by = process_[by];
    one.end_lost = false;
  }

  // The process dies between the commit and telling anybody.
  void crash_in_sign_out(size_t by) {
    if (known_.empty() || nodes_[by]->transactor.down) return;
    Known& one = known_[below(known_.size())];
    cables_[by]->cut = true;
    if (nodes_[by]->end(one.user, one.id)) one.ended_by = process_[by];
    one.end_unknown = !one.ended;
    cables_[by]->cut = false;
    start(by);
  }

  void refresh() {
    if (known_.empty()) return;
    Known& one = known_[below(known_.size())];
    auto& at = node();
    auto answer = at.sessions.refresh(one.refresh_token, "", {});
    if (answer && one.ended) broken_ = "a refresh was answered after the end of its session";
    if (answer && chance(0.8)) one.refresh_token = std::move(answer->refresh_token);  // else the answer is lost
    if (!answer && !one.ended && !one.end_unknown && !cannot_tell(answer.error().code))
      broken_ = "a refresh of a living session was refused: " + std::string(core::row(answer.error().code).name);
  }

  // A standby that was behind takes over, or a back-up is restored, which gives numbers again.
  void save_database() {
    in_sql([](storage::Database& db) -> core::Result<> {
      return db.atomically([](core::Tx& tx) -> core::Result<> {
        auto& sql = storage::sql(tx);
        for (const std::string table : {"sessions", "changes", "sqlite_sequence"}) {
          TRY(sql.query("DROP TABLE IF EXISTS saved_" + table));
          TRY(sql.query("CREATE TABLE saved_" + table + " AS SELECT * FROM " + table));
        }
        return {};
      });
    });
    is_saved_ = true;
    for (Known& one : known_) one.was_saved = true, one.was_ended = one.ended.has_value();
  }
  void database_goes_back() {
    if (!is_saved_) return;
    const bool numbers_too = chance(0.5);
    in_sql([numbers_too](storage::Database& db) -> core::Result<> {
      return db.atomically([numbers_too](core::Tx& tx) -> core::Result<> {
        auto& sql = storage::sql(tx);
        for (const std::string table : {"sessions", "changes"}) {
          TRY(sql.query("DELETE FROM " + table));
          TRY(sql.query("INSERT INTO " + table + " SELECT * FROM saved_" + table));
        }
        if (!numbers_too) return {};
        TRY(sql.query("DELETE FROM sqlite_sequence"));
        TRY(sql.query("INSERT INTO sqlite_sequence SELECT * FROM saved_sqlite_sequence"));
        return {};
      });
    });
    ++went_back;
    std::erase_if(known_, [](const Known& one) { return !one.was_saved; });
    for (Known& one : known_)
      if (one.ended && !one.was_ended) one.ended.reset(), one.end_unknown = one.end_lost = true;
    pass(Millis(10));
  }
  void in_sql(const std::function<core::Result<>(storage::Database&)>& work) {
    if (const auto done = work(*nodes_[0]->database); !done)
      broken_ = "the simulation's own SQL: " + done.error().cause;
  }
  // What this process ended and the database lost has ended from then on.
  void end_again(test::ServerWorld& at, size_t process) {
    if (mistake_ != Mistake::forgets_its_ends && !at.sessions.end_again()) return;
    for (Known& one : known_)
      if (one.end_lost && one.ended_by == process) one.ended = now(), one.end_unknown = one.end_lost = false;
  }

  static bool cannot_tell(Code code) { return code == Code::store_unavailable || code == Code::clock_skew; }

  // Cables, the database's and the stream's; a node that stands still, or dies; a clock that is set by a little, by a
  // day or by a week; a stream that forgets, loses, or falls silent.
  void fault() {
    const size_t i = below(nodes_.size());
    switch (below(16)) {
      case 0:
        nodes_[i]->transactor.down = chance(0.5);
        return;
      case 1:
        cables_[i]->cut = chance(0.5);
        return;
      case 2:
        stopped_ = chance(0.5) ? std::optional(i) : std::nullopt;
        return;
      case 3:
        entries_.begin_epoch("epoch " + std::to_string(++epochs_));
        return;
      case 4:  // the newest entries are lost before anybody read them, as by a fail-over, and are not numbered again
        for (size_t lost = below(3); lost > 0 && !entries_.all.empty(); --lost) entries_.all.pop_back();
        return;
      case 5:
        silent_ = chance(0.5);
        return;
      case 6:
        return chance(0.5) ? start(i) : crash_in_sign_out(i);
      case 7:
        return chance(0.5) ? shelf_->flush() : shelf_->go_back();
      case 8:
        return chance(0.5) ? shelf_->save() : void(shelf_->cut = chance(0.3));
      case 9:
        return chance(0.5) ? save_database() : database_goes_back();
      case 10:
        cables_[i]->slow = chance(0.5);
        return;
      case 11:
        return cables_[i]->deliver_late();
      case 12:
        return set_clock(i, (chance(0.5) ? 1 : -1) * (chance(0.3) ? Millis(20'000) : chance(0.5) ? days(1) : days(6)));
      default:
        for (size_t n = 0; n < nodes_.size(); ++n) set_clock(n, {});
        for (auto& one : nodes_) one->transactor.down = false;
        for (auto& cable : cables_) cable->cut = cable->slow = false;
        stopped_.reset();
        silent_ = shelf_->cut = false;
    }
  }

  // A request that arrives now. While its node reads the store, another node may sign the same session out.
  void check() {
    if (known_.empty()) return;
    const size_t i = below(nodes_.size());
    auto& at = *nodes_[i];
    const size_t which = below(known_.size());
    if (chance(0.1))
      at.transactor.after_read = [this, which, by = below(nodes_.size())] {
        sign_out(by, which);
        if (chance(0.5)) poll_and_follow(below(nodes_.size()));
      };
    const bool was_over = known_[which].ended.has_value();
    const Millis received = mistake_ == Mistake::trusts_old_memory ? Millis(0) : at.clock.boot();
    const int reads = at.transactor.reads;
    const bool held = holds(at, known_[which]);
    shelf_->believed = mistake_ == Mistake::believes_any_copy;
    shelf_->feed = &at.feed;
    const auto admitted = at.checker.check(known_[which].access_token, received);
    at.transactor.after_read = nullptr;
    by_copy += admitted && !held && at.transactor.reads == reads;
    if (admitted && at.transactor.reads == reads && !may_remember(i))
      broken_ = "node " + std::to_string(i) + " answered from a memory that it could not trust";
    judge(i, known_[which], was_over, admitted);
  }

  // The rule of freshness, said once more.
  bool may_remember(size_t i) const {
    const Millis since_poll = now() - polled_[i], since_stream = now() - cables_[i]->heard;
    if (since_poll < Millis(1000)) return true;
    return since_poll < Millis(30'000) && since_stream < Millis(500) && polled_[i] >= cables_[i]->doubtful;
  }

  void judge(size_t i, const Known& one, bool was_over, const core::Result<Admitted>& admitted) {
    if (admitted) {
      ++accepted;
      if (!was_over) return;
      const Millis late = now() - *one.ended;
      const bool polled_since = polled_[i] > *one.ended;
      if (polled_since || late >= Millis(30'000))
        broken_ = "node " + std::to_string(i) + " accepted a session " + std::to_string(late.count()) +
                  " ms after its end" + (polled_since ? ", and had polled since" : "");
    } else if (cannot_tell(admitted.error().code)) {
      ++unavailable;
    } else {
      ++refused;
      if (!one.ended && !one.end_unknown)
        broken_ = "a living session was refused: " + std::string(core::row(admitted.error().code).name);
    }
  }

  void drop_if_held(test::ServerWorld& at, const std::optional<changes::Change>& change) {
    if (!change) return at.near.drop_all();
    const accounts::UserId user{change->key};
    bool held = false;
    for (const Known& one : known_) held |= one.user == user && holds(at, one);
    if (held) at.near.drop(user);
  }
  static bool holds(test::ServerWorld& at, const Known& one) {
    return at.near.find(one.user, one.id, [](const Holder&, const Entry&) { return true; });
  }

  std::mt19937_64 random_;
  const Mistake mistake_;
  test::FakeStream::Entries entries_;
  std::vector<std::shared_ptr<Cable>> cables_;
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
  std::vector<std::unique_ptr<test::ServerWorld>> nodes_;
  std::vector<accounts::UserId> users_;
  std::vector<Known> known_;
  core::FakeClock time_;
  std::array<Millis, 3> skew_{};
  std::array<Millis, 3> polled_{};  // when the last poll that succeeded was sent
  std::optional<size_t> stopped_;
  bool silent_ = false, is_saved_ = false;
  std::array<size_t, 3> process_{};
  size_t processes_ = 0;
  int epochs_ = 0;
  std::string broken_;
};

uint64_t seed() {
  const char* given = std::getenv("USHER_SEED");
  return given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

TEST(FleetSimulation, NoPromiseIsBroken) {
  const bool is_long = std::getenv("USHER_LONG") != nullptr;
  const uint64_t first = seed();
  size_t accepted = 0, by_copy = 0, refused = 0, unavailable = 0, went_back = 0;
  for (uint64_t i = 0; i < (is_long ? 100u : 3u); ++i) {
    Fleet fleet(first + i, Mistake::none);
    EXPECT_EQ(fleet.run(10'000), "") << "seed " << first + i;
    accepted += fleet.accepted, by_copy += fleet.by_copy;
    refused += fleet.refused, unavailable += fleet.unavailable, went_back += fleet.went_back;
  }
  std::printf(
      "%zu checks accepted, %zu of them by copies, %zu refused, %zu could not be asked; the database went back "
      "%zu times; seed %llu\n",
      accepted, by_copy, refused, unavailable, went_back, static_cast<unsigned long long>(first));
  EXPECT_GT(accepted, 1000u);
  EXPECT_GT(by_copy, 100u);
  EXPECT_GT(went_back, 10u);
  EXPECT_GT(refused, 1000u);
  EXPECT_GT(unavailable, 100u);
}

class PlantedMistake : public testing::TestWithParam<Mistake> {};

TEST_P(PlantedMistake, IsFound) {
  std::string broken;
  uint64_t at = 1;
  for (; at <= 20 && broken.empty(); ++at) broken = Fleet(at, GetParam()).run(10'000);
  std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(at - 1), broken.c_str());
  EXPECT_NE(broken, "");
}
INSTANTIATE_TEST_SUITE_P(Known, PlantedMistake,
                         testing::Values(Mistake::trusts_old_memory, Mistake::ignores_a_gap,
                                         Mistake::drops_only_what_it_holds, Mistake::takes_silence_for_news,
                                         Mistake::forgets_to_listen, Mistake::believes_any_copy,
                                         Mistake::forgets_its_ends));

}  // namespace
}  // namespace sessions
