// Random histories of one session against the rules of refresh.h: tabs of one browser that share the stored token, lost
// and late messages, restarts, a database that goes back, and a thief with a copy. A failure prints its seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <set>

#include "sessions/refresh.h"

namespace sessions {
namespace {

using core::Millis, core::Seconds, core::Time;

constexpr RefreshRules rules{.grace = Seconds(30)};
constexpr std::string_view own = "macos|chrome|", foreign = "linux|firefox|";

using Judge = std::function<Verdict(const Rotation&, int64_t, std::string_view, Time)>;
using Rotate = std::function<Rotation(const Rotation&, int64_t, std::string_view, Time)>;
const Judge judge_by_rules = [](const Rotation& state, int64_t presented, std::string_view family, Time now) {
  return judge(state, presented, family, now, rules);
};

enum class World { honest, with_thief };

class History {
 public:
  History(uint64_t seed, World world, Judge judge, Rotate rotate)
      : random_(seed), world_(world), judge_(std::move(judge)), rotate_(std::move(rotate)) {}

  // The first rule that was broken; empty when none was.
  std::string run() {
    never_stores_ = world_ == World::honest && one_in(20);
    for (int cycle = 0; cycle < 10 && broken_.empty(); ++cycle) {
      start_ += Seconds(between(60, one_in(3) ? 120 : 90'000));
      wake_tabs();
      if (world_ == World::with_thief && cycle > 1) wake_thief();
      if (world_ == World::honest && one_in(4)) at(start_ + Millis(between(0, 13'000)), [this] { go_back(); });
      drain();
    }
    return broken_;
  }

 private:
  int64_t between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  bool one_in(int64_t n) { return between(1, n) == 1; }
  void at(Time time, std::function<void()> what) { events_.emplace(time, std::move(what)); }
  Millis delay() { return Millis(between(1, one_in(2) ? 300 : 8000)); }
  void drain() {
    while (!events_.empty()) {
      const auto event = events_.extract(events_.begin());
      now_ = event.key();
      event.mapped()();
    }
  }
  void fail(const std::string& rule) {
    if (broken_.empty()) broken_ = rule;
  }

  // Clients
  void wake_tabs() {
    for (int64_t tab = between(1, 4); tab > 0; --tab) at(start_ + Millis(between(0, 5000)), [this] { send(2); });
  }
  // A tab sends what is stored, and once more when no answer came; a restart is an answer that nobody waits for.
  void send(int tries) {
    const int64_t token = stored_;
    const bool lost = one_in(8), lost_answer = one_in(6);
    if (lost || lost_answer) {
      if (tries > 1) at(now_ + Seconds(10), [this, tries] { send(tries - 1); });
    }
    if (lost) return;
    at(now_ + delay(), [this, token, lost_answer] {
      const auto answer = present(token, one_in(10) && world_ == World::honest ? "" : own);
      if (answer && !lost_answer && !never_stores_)
        at(now_ + delay(), [this, token, answer] {
          if (stored_ == token) stored_ = *answer;
        });
    });
  }
  void wake_thief() {
    if (!stolen_ && one_in(2)) at(start_ + Millis(between(0, 50'000)), [this] { stolen_ = stored_; });
    for (int64_t uses = between(0, 2); uses > 0; --uses)
      at(start_ + Millis(between(0, 55'000)), [this] {
        if (!stolen_) return;
        if (const auto answer = present(*stolen_, foreign)) stolen_ = *answer;
      });
  }

  // The server
  std::optional<int64_t> present(int64_t token, std::string_view family) {
    if (ended_) return std::nullopt;
    const bool thief = family == foreign;
    const Verdict verdict = judge_(state_, token, family, now_);
    check_theft(verdict, thief);
    if (verdict == Verdict::theft) return ended_ = true, std::nullopt;
    if (verdict == Verdict::rotate || verdict == Verdict::fast_forward) {
      if (world_ == World::with_thief && !rotated_.insert(token).second) fail("a generation has two successors");
      past_.push_back(state_);
      state_ = rotate_(state_, token, family, now_);
    }
    if (state_.generation <= token) fail("an answer is not newer than what was presented");
    check_families(thief);
    if (thief) thief_answered_ = now_, thief_rotated_ |= verdict == Verdict::rotate;
    else thief_rotated_ = false;
    return state_.generation;
  }
  void check_theft(Verdict verdict, bool thief) {
    if (verdict == Verdict::theft && !thief && !thief_answered_) fail("an honest client is called a thief");
    // What the thief rotated, and nobody shared since, is seen when the honest client comes after the grace.
    if (!thief && thief_rotated_ && now_ >= *thief_answered_ + rules.grace && verdict != Verdict::theft)
      fail("a theft is not noticed when the honest client comes back");
  }
  // Thief, honest, thief, honest, and never within the grace of each other, where they may share a token: then there
  // are two living families.
  void check_families(bool thief) {
    const auto& other = last_answer_[!thief];
    const bool met = other && now_ < *other + rules.grace;
    if (met) turns_ = 0;
    else if (thief == (turns_ % 2 == 0) && ++turns_ == 4) fail("two families live");
    last_answer_[thief] = now_;
  }
  void go_back() {
    if (!past_.empty()) state_ = past_[static_cast<size_t>(between(0, std::ssize(past_) - 1))];
  }

  std::mt19937_64 random_;
  const World world_;
  const Judge judge_;
  const Rotate rotate_;
  std::multimap<Time, std::function<void()>> events_;
  Time start_ = core::from_millis(1'800'000'000'000), now_ = start_;
  std::string broken_;

  int64_t stored_ = 0;  // by the browser
  bool never_stores_ = false;
  std::optional<int64_t> stolen_;

  Rotation state_;
  std::vector<Rotation> past_;
  bool ended_ = false;

  std::set<int64_t> rotated_;
  std::optional<Time> thief_answered_;
  bool thief_rotated_ = false;
  int turns_ = 0;
  std::array<std::optional<Time>, 2> last_answer_;  // of the honest client, of the thief
};

// The first of `seeds` that breaks a rule, and which; empty when none does.
std::string first_broken(World world, uint64_t seeds, const Judge& judge, const Rotate& rotate = rotated) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::string broken = History(seed, world, judge, rotate).run();
    if (!broken.empty()) return "seed " + std::to_string(seed) + ": " + broken;
  }
  return "";
}

TEST(RefreshModel, HonestClientsAreNeverLoggedOut) { EXPECT_EQ(first_broken(World::honest, 6000, judge_by_rules), ""); }

TEST(RefreshModel, AThiefIsNoticedAndNeverLivesBesideTheOwner) {
  EXPECT_EQ(first_broken(World::with_thief, 6000, judge_by_rules), "");
}

// The model can fail: each rule that is left out is missed.
TEST(RefreshModel, WithoutGraceHonestClientsSuffer) {
  const Judge without = [](const auto& state, int64_t presented, auto family, Time now) {
    return judge(state, presented, family, now, {.grace = Seconds(0)});
  };
  EXPECT_THAT(first_broken(World::honest, 6000, without), testing::HasSubstr("honest client is called a thief"));
}

TEST(RefreshModel, WithoutRepeatingLateHonestClientsSuffer) {
  const Judge without = [](const auto& state, int64_t presented, auto family, Time now) {
    const Verdict verdict = judge(state, presented, family, now, rules);
    return verdict == Verdict::repeat_late ? Verdict::theft : verdict;
  };
  EXPECT_THAT(first_broken(World::honest, 6000, without), testing::HasSubstr("honest client is called a thief"));
}

TEST(RefreshModel, WithoutGraceAfterAFastForwardHonestClientsSuffer) {
  const Rotate without = [](const Rotation& state, int64_t presented, std::string_view family, Time now) {
    Rotation next = rotated(state, presented, family, now);
    if (presented != state.generation) next.times = {now};
    return next;
  };
  EXPECT_THAT(first_broken(World::honest, 20'000, judge_by_rules, without), testing::HasSubstr("honest client"));
}

TEST(RefreshModel, WithoutTheDeviceATheftGoesUnnoticed) {
  const Judge without = [](const auto& state, int64_t presented, std::string_view, Time now) {
    return judge(state, presented, "", now, rules);
  };
  EXPECT_NE(first_broken(World::with_thief, 6000, without), "");
}

TEST(RefreshModel, WithoutTheTheftRuleTwoFamiliesLive) {
  const Judge without = [](const auto& state, int64_t presented, std::string_view family, Time now) {
    const Verdict verdict = judge(state, presented, family, now, rules);
    return verdict == Verdict::theft ? Verdict::repeat_late : verdict;
  };
  EXPECT_NE(first_broken(World::with_thief, 6000, without), "");
}

}  // namespace
}  // namespace sessions
