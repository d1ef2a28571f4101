#include "access/permission.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "access/permission_set.h"
#include "access/role.h"
#include "crypto/random.h"

namespace roles {
namespace {

TEST(Permission, IsTwoHalvesOfPlainLettersOrStars) {
  for (const char* good : {"users:read", "*:*", "users:*", "*:read", "a:b", "x-1.y_2:z", "0:0"})
    EXPECT_TRUE(parse_permission(good)) << good;
  const std::string sixty_four(64, 'a');
  EXPECT_TRUE(parse_permission(sixty_four + ':' + sixty_four));
  EXPECT_FALSE(parse_permission(sixty_four + "a:b"));
  for (const char* bad : {"", ":", "users", "users:", ":read", "Users:read", "users:read:all", "users :read",
                          "us*:read", "**:read", "users:re*",
                          "users:r\xC3\xA9"
                          "ad",
                          "users:read\n", "*"})
    EXPECT_FALSE(parse_permission(bad)) << bad;
}

struct Case {
  const char *granted, *wanted;
  bool covered;
};
constexpr Case cases[] = {
    {"users:read", "users:read", true},
    {"users:read", "users:write", false},
    {"users:read", "roles:read", false},
    {"users:*", "users:read", true},
    {"users:*", "users:*", true},
    {"users:*", "roles:read", false},
    {"*:read", "users:read", true},
    {"*:read", "users:write", false},
    {"*:*", "users:read", true},
    {"*:*", "*:*", true},
    {"*:*", "users:*", true},
    {"users:read", "users:*", false},
    {"users:*", "*:*", false},
    {"*:read", "*:*", false},
    {"*:read", "*:read", true},
    {"users:read", "*:read", false},
    {"users:*", "*:read", false},
    {"*:read", "users:*", false},
};

TEST(Permission, ACoversBExactlyWhenEachHalfDoes) {
  for (const auto& [granted, wanted, covered] : cases) {
    EXPECT_EQ(matches(*parse_permission(granted), *parse_permission(wanted)), covered) << granted << " " << wanted;
    EXPECT_EQ(PermissionSet({granted}).allows(wanted), covered) << granted << " " << wanted;
  }
}

TEST(PermissionSet, AllowsNothingThatIsNotAPermission) {
  const PermissionSet all({"*:*", "users:*"});
  for (const char* bad : {"", "users", "users:", "users:read:x", "USERS:read", ":"})
    EXPECT_FALSE(all.allows(bad)) << bad;
  EXPECT_FALSE(PermissionSet().allows("users:read"));
}

TEST(PermissionSet, KeepsItsNamesSortedOnceAndDropsNonsense) {
  const PermissionSet set({"b:b", "a:a", "b:b", "nonsense", ""});
  EXPECT_EQ(set.names(), (std::vector<std::string>{"a:a", "b:b"}));
}

TEST(PermissionSet, CoversAnotherWhenItAllowsEachOfIt) {
  EXPECT_TRUE(PermissionSet({"users:*", "a:b"}).covers(PermissionSet({"users:read", "users:*", "a:b"})));
  EXPECT_FALSE(PermissionSet({"users:read", "users:write"}).covers(PermissionSet({"users:*"})));
  EXPECT_TRUE(PermissionSet().covers(PermissionSet()));
}

// Against a model that compares every granted permission with every wanted one.
TEST(PermissionSet, AnswersAsTheModelForRandomSets) {
  constexpr uint64_t seed = 20'260'101;
  crypto::SeededRandom random(seed);
  const char* halves[] = {"*", "a", "b", "c"};
  const auto any = [&] { return std::string(halves[random.below(4)]) + ':' + halves[random.below(4)]; };
  int questions = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> granted;
    for (uint32_t i = random.below(6); i > 0; --i) granted.push_back(any());
    const PermissionSet set(granted);
    for (int i = 0; i < 8; ++i, ++questions) {
      const std::string wanted = any();
      const bool expected = std::ranges::any_of(
          granted, [&](const std::string& one) { return matches(*parse_permission(one), *parse_permission(wanted)); });
      ASSERT_EQ(set.allows(wanted), expected) << "seed " << seed << " round " << round << " wanted " << wanted;
    }
  }
  std::printf("%d questions, seed %llu\n", questions, static_cast<unsigned long long>(seed));
}

TEST(Catalogue, IsSortedWellFormedAndGrantedBySeededRolesAlone) {
  EXPECT_TRUE(std::ranges::is_sorted(catalogue, {}, &KnownPermission::name));
  const RoleGraph graph(seeded_roles({}));
  for (const auto& known : catalogue) {
    EXPECT_TRUE(parse_permission(known.name)) << known.name;
    EXPECT_TRUE(std::string_view(known.doc).ends_with('.')) << known.name;
    // Admins are among those whom the record of events is there to watch, and nobody sees by habit what others see.
    const bool for_few = known.name == "audit:read" || known.name == users_impersonate;
    EXPECT_EQ(graph.permissions("admin").allows(known.name), !for_few) << known.name;
  }
  for (const auto& name : graph.permissions("admin").names())
    EXPECT_TRUE(std::ranges::find(catalogue, name, &KnownPermission::name) != catalogue.end()) << name;
}

}  // namespace
}  // namespace roles
