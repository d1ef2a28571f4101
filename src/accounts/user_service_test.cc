#include "accounts/user_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/user_json.h"
#include "tests/support/fake_accounts.h"
#include "tests/support/fake_audit.h"
#include "tests/support/fake_outbox.h"
#include "tests/support/fake_transactor.h"

namespace accounts {
namespace {

class Accounts : public testing::Test {
 protected:
  Accounts() {
    transactor.track(users.users);
    transactor.track(audit.records);
    transactor.track(outbox.announced);
    users.users[id] = {.id = id,
                       .email = "Ann@Example.com",
                       .email_key = "ann@example.com",
                       .first_name = "Ann",
                       .last_name = "Lee",
                       .password_hash = "$argon2id$secret",
                       .auth_epoch = 4,
                       .email_verified_at = clock.now(),
                       .created_at = clock.now()};
  }
  User& row() { return users.users[id]; }
  template <class Step>
  core::Result<User> step(Step work) {
    return transactor.atomically([&](core::Tx& tx) { return work(tx); });
  }
  core::Result<User> disable() {
    return step([&](core::Tx& tx) { return service.disable(tx, id, origin); });
  }
  core::Result<User> enable() {
    return step([&](core::Tx& tx) { return service.enable(tx, id, origin); });
  }
  core::Result<User> remove() {
    return step([&](core::Tx& tx) { return service.remove(tx, id, origin); });
  }

  const UserId id{{{1}}}, actor{{{2}}};
  const audit::Origin origin{.ip_address = "192.0.2.1", .actor = actor.value};
  core::FakeClock clock;
  test::FakeTransactor transactor;
  test::FakeUsers users;
  test::FakeAudit audit{clock};
  test::FakeOutbox outbox;
  Service service{transactor, users, audit, outbox, clock};
};

TEST_F(Accounts, GetTellsNobodyFromSomebody) {
  EXPECT_EQ(service.get(id)->first_name, "Ann");
  EXPECT_EQ(service.get(actor).error().code, core::Code::not_found);
}

TEST_F(Accounts, RenameChangesWhatIsGivenAndIsRecordedOnce) {
  const auto user = service.rename(id, {.first = " Änn\t"}, origin);
  EXPECT_EQ(user->first_name, " Änn\t");
  EXPECT_EQ(row().first_name, " Änn\t");
  EXPECT_EQ(row().last_name, "Lee");
  EXPECT_EQ(row().auth_epoch, 4) << "a name is no reason to sign in again";
  EXPECT_EQ(audit.actions(), "user.renamed");
  EXPECT_EQ(audit.records[0].event.subject, id.value);
  EXPECT_EQ(audit.records[0].origin.actor, actor.value);
  EXPECT_THAT(outbox.announced, testing::ElementsAre(changes::Change{changes::Kind::user, id.value}));
}

TEST_F(Accounts, NamesHoldNoNul) {
  const auto refused = service.rename(id, {.first = std::string("A\0nn", 4)}, origin);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields[0].field + ' ' + refused.error().fields[0].code, "firstName invalid_character");
}

TEST_F(Accounts, ARenameTellsTheFieldsButNoName) {
  const auto detail = [&](const NewNames& names) {
    EXPECT_TRUE(service.rename(id, names, origin));
    return audit.records.back().event.detail;
  };
  EXPECT_EQ(detail({.first = "Bea", .last = "Lee"}), "firstName");
  EXPECT_EQ(detail({.last = "Poe"}), "lastName");
  EXPECT_EQ(detail({.first = "Ann", .last = "Lee"}), "firstName lastName");
}

TEST_F(Accounts, RenameToTheSameNameRecordsNothing) {
  EXPECT_TRUE(service.rename(id, {.first = "Ann"}, origin));
  EXPECT_TRUE(service.rename(id, {}, origin));
  EXPECT_TRUE(audit.records.empty() && outbox.announced.empty());
}

TEST_F(Accounts, NamesAreOneToAHundredCharacters) {
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += "ü";
  EXPECT_TRUE(service.rename(id, {.first = hundred, .last = "x"}, origin));
  const auto refused = service.rename(id, {.first = hundred + "x", .last = ""}, origin);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::Code::validation_failed);
  ASSERT_EQ(refused.error().fields.size(), 2u);
  EXPECT_EQ(refused.error().fields[0].field, "firstName");
  EXPECT_EQ(refused.error().fields[0].code, "too_long");
  EXPECT_EQ(refused.error().fields[1].field, "lastName");
  EXPECT_EQ(refused.error().fields[1].code, "too_short");
  EXPECT_EQ(row().first_name, hundred);
}

TEST_F(Accounts, DisableAndEnableEachRaiseTheEpochOnce) {
  EXPECT_EQ(disable()->auth_epoch, 5);
  EXPECT_EQ(row().disabled_at, clock.now());
  EXPECT_EQ(disable()->auth_epoch, 5);
  EXPECT_EQ(enable()->auth_epoch, 6);
  EXPECT_FALSE(row().disabled_at);
  EXPECT_EQ(enable()->auth_epoch, 6);
  EXPECT_EQ(audit.actions(), "user.disabled user.enabled");
  EXPECT_EQ(outbox.announced.size(), 2u);
}

TEST_F(Accounts, OutdatingSignInsRaisesTheEpochAndNothingElse) {
  const auto user = step([&](core::Tx& tx) { return service.outdate_sign_ins(tx, id); });
  EXPECT_EQ(user->auth_epoch, 5);
  EXPECT_EQ(row().auth_epoch, 5);
  EXPECT_TRUE(row().active() && audit.records.empty());
  EXPECT_EQ(outbox.announced.size(), 1u);
}

TEST_F(Accounts, RemoveLeavesNothingPersonal) {
  ASSERT_TRUE(remove());
  EXPECT_EQ(row().email + row().first_name + row().last_name + row().password_hash, "");
  EXPECT_EQ(row().email_key.find('@'), std::string::npos);
  EXPECT_NE(row().email_key.find(id.str()), std::string::npos);
  EXPECT_FALSE(row().email_verified_at);
  EXPECT_EQ(row().deleted_at, clock.now());
  EXPECT_EQ(row().auth_epoch, 5);
  EXPECT_FALSE(row().active());
  EXPECT_EQ(audit.actions(), "user.deleted");
}

TEST_F(Accounts, ADeletedUserIsNotThere) {
  ASSERT_TRUE(remove());
  EXPECT_EQ(service.get(id).error().code, core::Code::not_found);
  EXPECT_EQ(service.rename(id, {.first = "x"}, origin).error().code, core::Code::not_found);
  EXPECT_EQ(disable().error().code, core::Code::not_found);
  EXPECT_EQ(enable().error().code, core::Code::not_found);
  EXPECT_EQ(remove().error().code, core::Code::not_found);
  EXPECT_EQ(service.find_by_email("ann@example.com")->has_value(), false);
  EXPECT_EQ(service.find_by_email("deleted:" + id.str())->has_value(), false);
  EXPECT_TRUE(service.list({})->empty());
}

TEST_F(Accounts, AStoreThatCannotBeAskedIsNotAnAnswer) {
  transactor.unavailable = true;
  EXPECT_EQ(service.get(id).error().code, core::Code::store_unavailable);
  EXPECT_EQ(service.find_by_email("ann@example.com").error().code, core::Code::store_unavailable);
}

TEST_F(Accounts, TheJsonViewShowsExactlyTheFieldsOfTheContract) {
  EXPECT_EQ(core::encode(to_json(row(), {"user"})),
            R"({"id":")" + id.str() +
                R"(","email":"Ann@Example.com","firstName":"Ann","lastName":"Lee","accountType":"INDIVIDUAL",)"
                R"("emailVerified":true,"roles":["user"],"createdAt":")" +
                core::iso8601(clock.now()) + "\"}");
}

}  // namespace
}  // namespace accounts
