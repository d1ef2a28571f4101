#include "access/role.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "crypto/random.h"

namespace roles {
namespace {

using Names = std::vector<std::string>;

Role role(std::string name, Names permissions, Names inherits) {
  return {.name = std::move(name), .permissions = std::move(permissions), .inherits = std::move(inherits)};
}

TEST(RoleName, IsShortLowerCaseAndBeginsWithALetter) {
  for (const char* good : {"a", "super_admin", "team-7"}) EXPECT_TRUE(is_role_name(good)) << good;
  for (const char* bad : {"", "7team", "_a", "Admin", "a b", "a,b", "a:b", "\xC3\xA9"})
    EXPECT_FALSE(is_role_name(bad)) << bad;
  EXPECT_TRUE(is_role_name(std::string(64, 'a')));
  EXPECT_FALSE(is_role_name(std::string(65, 'a')));
}

TEST(Assignment, EndsAtItsExpiryAndNotAfter) {
  const core::Time now = core::from_millis(1000);
  EXPECT_TRUE(Assignment{}.current(now));
  EXPECT_TRUE(Assignment{.expires_at = now + core::Millis(1)}.current(now));
  EXPECT_FALSE(Assignment{.expires_at = now}.current(now));
}

TEST(RoleGraph, InheritsAtAnyDepth) {
  const RoleGraph graph({role("a", {"a:x"}, {"b"}), role("b", {"b:x"}, {"c"}), role("c", {"c:x"}, {})});
  EXPECT_EQ(graph.permissions("a").names(), (Names{"a:x", "b:x", "c:x"}));
  EXPECT_EQ(graph.permissions("b").names(), (Names{"b:x", "c:x"}));
}

TEST(RoleGraph, UnknownRolesAllowNothing) {
  const RoleGraph graph({role("a", {"a:x"}, {"ghost"})});
  EXPECT_EQ(graph.permissions("ghost").names(), Names{});
  EXPECT_EQ(graph.permissions("a").names(), Names{"a:x"});
}

TEST(RoleGraph, SeesCyclesOfAnyLength) {
  const RoleGraph graph({role("a", {}, {"b"}), role("b", {}, {"c"}), role("c", {}, {})});
  EXPECT_TRUE(graph.would_cycle("a", Names{"a"}));
  EXPECT_TRUE(graph.would_cycle("b", Names{"a"}));
  EXPECT_TRUE(graph.would_cycle("c", Names{"a"}));
  EXPECT_FALSE(graph.would_cycle("a", Names{"c"}));
  EXPECT_FALSE(graph.would_cycle("new", Names{"a"}));
  EXPECT_TRUE(graph.would_cycle("new", Names{"new"}));
}

TEST(RoleGraph, ACycleThatIsThereDoesNoHarm) {
  const RoleGraph graph({role("a", {"a:x"}, {"b"}), role("b", {"b:x"}, {"a"})});
  EXPECT_EQ(graph.permissions("a").names(), (Names{"a:x", "b:x"}));
}

TEST(RoleGraph, AChainOfAHundredThousandRolesDoesNotUseTheStack) {
  constexpr int depth = 100'000;
  RoleGraph graph;
  for (int i = 0; i < depth; ++i) graph.put(role("r" + std::to_string(i), {}, {"r" + std::to_string(i + 1)}));
  graph.put(role("r" + std::to_string(depth), {"deep:x"}, {}));
  EXPECT_TRUE(graph.permissions("r0").allows("deep:x"));
  EXPECT_TRUE(graph.would_cycle("r" + std::to_string(depth), Names{"r0"}));
}

TEST(SeededRoles, EachInheritsTheNextAndComesAfterIt) {
  const auto roles = seeded_roles(core::from_millis(5));
  const RoleGraph graph(roles);
  EXPECT_EQ(graph.inherited(Names{"super_admin"}),
            (std::vector<std::string_view>{"admin", "super_admin", "support", "user"}));
  EXPECT_TRUE(graph.permissions(super_admin).allows("*:*"));
  EXPECT_FALSE(graph.permissions("admin").allows("*:*"));
  EXPECT_TRUE(graph.permissions("admin").covers(graph.permissions("support")));
  EXPECT_FALSE(graph.permissions("support").covers(graph.permissions("admin")));
  EXPECT_TRUE(graph.permissions(default_role).names().empty());
  std::set<std::string> seen;
  for (const auto& one : roles) {
    for (const auto& inherited : one.inherits) EXPECT_TRUE(seen.contains(inherited)) << one.name;
    EXPECT_TRUE(one.seeded && is_role_name(one.name));
    EXPECT_TRUE(std::ranges::is_sorted(one.permissions));
    seen.insert(one.name);
  }
}

// Reachability by trying all paths with a matrix (Warshall), which shares nothing with the graph's search.
class Matrix {
 public:
  explicit Matrix(size_t size) : size_(size), edges_(size * size) {
    for (size_t i = 0; i < size; ++i) at(i, i) = true;
  }
  void link(size_t from, size_t to) { at(from, to) = true; }
  void close() {
    for (size_t k = 0; k < size_; ++k)
      for (size_t i = 0; i < size_; ++i)
        for (size_t j = 0; j < size_; ++j)
          if (at(i, k) && at(k, j)) at(i, j) = true;
  }
  bool reaches(size_t from, size_t to) const { return edges_[from * size_ + to]; }

 private:
  std::vector<bool>::reference at(size_t from, size_t to) { return edges_[from * size_ + to]; }
  size_t size_;
  std::vector<bool> edges_;
};

std::string name_of(size_t i) { return "r" + std::to_string(i); }

TEST(RoleGraph, AnswersAsTheModelForRandomGraphs) {
  constexpr uint64_t seed = 4'711;
  crypto::SeededRandom random(seed);
  int graphs = 0, cyclic = 0;
  for (; graphs < 400; ++graphs) {
    const size_t size = 1 + random.below(9);
    Matrix model(size);
    RoleGraph graph;
    for (size_t i = 0; i < size; ++i) {
      Role made = role(name_of(i), {name_of(i) + ":x"}, {});
      for (size_t j = 0; j < size; ++j)
        if (i != j && random.below(4) == 0) {
          made.inherits.push_back(name_of(j));
          model.link(i, j);
        }
      graph.put(std::move(made));
    }
    model.close();
    for (size_t i = 0; i < size; ++i) {
      const auto permissions = graph.permissions(name_of(i));
      for (size_t j = 0; j < size; ++j) {
        ASSERT_EQ(permissions.allows(name_of(j) + ":x"), model.reaches(i, j)) << "seed " << seed << " graph " << graphs;
        // i inheriting j closes a circle exactly when j already reaches i.
        ASSERT_EQ(graph.would_cycle(name_of(i), Names{name_of(j)}), model.reaches(j, i))
            << "seed " << seed << " graph " << graphs;
        cyclic += i != j && model.reaches(i, j) && model.reaches(j, i);
      }
    }
  }
  EXPECT_GT(cyclic, 0) << "graphs with cycles were among them";
  std::printf("%d graphs, seed %llu\n", graphs, static_cast<unsigned long long>(seed));
}

// Only accepting changes that would_cycle lets through never makes a cycle.
TEST(RoleGraph, GuardedChangesNeverMakeACycle) {
  constexpr uint64_t seed = 99;
  crypto::SeededRandom random(seed);
  RoleGraph graph;
  constexpr uint32_t size = 8;
  for (uint32_t i = 0; i < size; ++i) graph.put(role(name_of(i), {}, {}));
  int accepted = 0, refused = 0;
  for (int step = 0; step < 3000; ++step) {
    const std::string name = name_of(random.below(size));
    Names inherits;
    for (uint32_t i = random.below(3); i > 0; --i) inherits.push_back(name_of(random.below(size)));
    if (graph.would_cycle(name, inherits)) {
      ++refused;
      continue;
    }
    ++accepted;
    graph.put(role(name, {}, inherits));
    for (uint32_t i = 0; i < size; ++i) {
      const auto below = graph.inherited(graph.find(name_of(i))->inherits);
      ASSERT_FALSE(std::ranges::binary_search(below, name_of(i))) << "seed " << seed << " step " << step;
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace roles
