#include "self/deletion.h"

#include <gtest/gtest.h>

#include "tests/support/fake_self.h"
#include "tests/support/password_world.h"

namespace self {
namespace {

using accounts::UserId, crypto::Secret;

const std::string password = "the password of somebody";

struct Deletions : testing::Test, test::PasswordWorld {
  Config config;
  test::FakeRemains remains{users};
  Removal removal{{accounts, access, sessions, remains}};
  Deletion deletion{
      {meanwhile, users, access, passwords, sessions, removal, remains, audit, mail, outbox, clock, config}};
  UserId ann = add_account("ann", password);
  audit::Origin origin{.ip_address = "192.0.2.8", .request_id = "r"};

  Deletions() { transactor.track(remains.erased); }

  std::string ask(const std::string& given = password) {
    const auto asked = deletion.ask(ann, Secret(given), origin);
    if (!asked) return std::string(core::row(asked.error().code).name);
    return *asked ? core::iso8601(**asked) : "gone";
  }
  int64_t purge(int64_t limit = 9) {
    transactor.collides = false;  // it is counted once
    return transactor.atomically([&](core::Tx& tx) { return deletion.purge(tx, limit); }).value();
  }
  const accounts::User& row() { return users.users.at(ann); }
};

TEST_F(Deletions, AskingEndsSessionsAndWaits) {
  const auto session = sign_in(ann).session.id;
  forget();
  EXPECT_EQ(ask(), core::iso8601(clock.now() + config.deletion_grace));
  EXPECT_EQ(end_of(session), "account_deleted");
  EXPECT_EQ(row().delete_after, clock.now() + config.deletion_grace);
  EXPECT_EQ(row().auth_epoch, 1) << "sign-ins under way do not complete";
  EXPECT_EQ(row().email, "ann@example.com");
  EXPECT_EQ(audit.actions(), "user.deletion_asked session.ended");
  ASSERT_EQ(mail.sent.size(), 1u);
  EXPECT_EQ(mail.sent[0].message.subject, "Your account is going to be deleted");
  EXPECT_EQ(purge(), 0);
}

// Of many at once, one that was let in before the first was done came after it, and was answered 200 as well.
TEST_F(Deletions, OneThatWasAskedForIsNotAskedForAgain) {
  ask();
  const auto until = row().delete_after;
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(ask(), "conflict");
  EXPECT_EQ(row().delete_after, until);
  EXPECT_EQ(mail.sent.size(), 1u);
}

TEST_F(Deletions, WhenTheGraceIsOverNothingIsLeft) {
  ask();
  clock.advance(config.deletion_grace - core::Millis(1));
  EXPECT_EQ(purge(), 0);
  clock.advance(core::Millis(1));
  forget();
  EXPECT_EQ(purge(), 1);
  EXPECT_EQ(row().email + row().first_name + row().last_name + row().password_hash, "");
  EXPECT_TRUE(row().deleted_at && !row().delete_after);
  EXPECT_EQ(remains.erased, std::vector{ann});
  EXPECT_EQ(audit.actions(), "user.deleted role.unassigned");
  EXPECT_EQ(mail.sent.back().message.to + ' ' + mail.sent.back().message.subject,
            "ann@example.com Your account was deleted");
  EXPECT_EQ(purge(), 0);
}

TEST_F(Deletions, WhoTookItBackStays) {
  ask();
  users.users.at(ann).delete_after.reset();
  clock.advance(config.deletion_grace);
  EXPECT_EQ(purge(), 0);
  EXPECT_TRUE(row().active());
}

TEST_F(Deletions, PurgingGoesByFew) {
  const UserId bob = add_account("bob", password);
  for (const UserId id : {ann, bob}) users.users.at(id).delete_after = clock.now();
  EXPECT_EQ(purge(1), 1);
  EXPECT_EQ(purge(1), 1);
  EXPECT_EQ(purge(1), 0);
}

TEST_F(Deletions, WithoutAGraceItIsGoneAtOnce) {
  config.deletion_grace = core::Seconds(0);
  const auto session = sign_in(ann).session.id;
  EXPECT_EQ(ask(), "gone");
  EXPECT_EQ(end_of(session), "account_deleted");
  EXPECT_TRUE(row().deleted_at);
  EXPECT_EQ(remains.erased, std::vector{ann});
  EXPECT_EQ(mail.sent.back().message.to, "ann@example.com");
}

TEST_F(Deletions, ItNeedsThePassword) {
  EXPECT_EQ(ask("another password"), "wrong_password");
  meanwhile.before_write = [&] { ++users.users.at(ann).auth_epoch; };
  EXPECT_EQ(ask(), "conflict");
  EXPECT_FALSE(row().delete_after);
}

TEST_F(Deletions, TheLastSuperAdminStaysAlsoWhenTheOtherIsLeaving) {
  const auto make_root = [&](UserId id) {
    roles.state.assignments[{id, "super_admin"}] = {.user = id, .role = "super_admin", .given_at = clock.now()};
  };
  make_root(ann);
  EXPECT_EQ(ask(), "last_super_admin");
  const UserId bob = add_account("bob", password);
  make_root(bob);
  users.users.at(bob).delete_after = clock.now() + config.deletion_grace;
  EXPECT_EQ(ask(), "last_super_admin");
  users.users.at(bob).delete_after.reset();
  EXPECT_NE(ask(), "last_super_admin");
}

}  // namespace
}  // namespace self
