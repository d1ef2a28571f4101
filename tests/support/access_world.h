// Accounts and roles over fakes, seeded, for tests of services and routes.
#pragma once
#include "access/access_service.h"
#include "accounts/user_service.h"
#include "tests/support/fake_access.h"
#include "tests/support/fake_audit.h"
#include "tests/support/fake_mail.h"
#include "tests/support/fake_outbox.h"
#include "tests/support/fake_transactor.h"

namespace test {

struct AccessWorld {
  using UserId = accounts::UserId;

  core::FakeClock clock;
  crypto::SeededRandom random{17};
  FakeTransactor transactor;
  FakeUsers users;
  FakeRoles roles{users};
  FakeAudit audit{clock};
  FakeOutbox outbox;
  accounts::Service accounts{transactor, users, audit, outbox, clock};
  FakeMailOutbox mail;
  ::roles::Service access{transactor, roles, users, audit, outbox, mail, random, clock};

  AccessWorld() {
    transactor.track(users.users);
    transactor.track(roles.state);
    transactor.track(audit.records);
    transactor.track(outbox.announced);
    transactor.track(mail.sent);
    if (!transactor.atomically([&](core::Tx& tx) { return access.seed(tx); })) std::abort();
    forget();
    transactor.collides = true;
  }

  // What happened so far is not part of the test.
  void forget() {
    audit.records.clear();
    outbox.announced.clear();
  }

  UserId add_user(const std::string& name, const std::vector<std::string>& held = {"user"}) {
    clock.advance(core::Millis(1));
    const accounts::User user{.id = random.id<UserId>(clock.now()),
                              .email = name + "@example.com",
                              .email_key = name + "@example.com",
                              .first_name = name,
                              .last_name = "Test",
                              .password_hash = "$argon2id$" + name,
                              .created_at = clock.now()};
    users.users[user.id] = user;
    for (const auto& role : held)
      roles.state.assignments[{user.id, role}] = {.user = user.id, .role = role, .given_at = clock.now()};
    return user.id;
  }

  // As if the role had been created with other means.
  void add_role(const std::string& name, std::vector<std::string> permissions, std::vector<std::string> inherits = {}) {
    roles.state.roles[name] = {.name = name, .permissions = std::move(permissions), .inherits = std::move(inherits)};
    roles.state.stamp = random.uuid7(clock.now()).str();
  }

  static audit::Origin by(UserId actor) { return {.ip_address = "192.0.2.9", .request_id = "r", .actor = actor.value}; }
  static audit::Origin command_line() { return {}; }

  ::roles::Grants grants(UserId user) {
    return transactor.reading([&](core::Tx& tx) { return access.grants_of(tx, user, clock.now()); }).value();
  }
};

}  // namespace test
