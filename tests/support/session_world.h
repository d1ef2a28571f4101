// Sessions and signing keys over fakes, beside the accounts and roles of access_world.h.
#pragma once
#include "tests/support/access_world.h"
#include "tests/support/fake_keys.h"
#include "tests/support/fake_sessions.h"

namespace test {

struct SessionWorld : AccessWorld {
  FakeSessions session_rows{clock, users, roles};
  FakeKeys key_rows;
  FakeAlarm alarm;
  crypto::Sealer sealer{crypto::Secret("the master key of a test, long enough")};
  tokens::Config token_config;
  sessions::Config session_config;
  core::ClockGuard guard{clock};
  tokens::KeyRing keys{transactor, key_rows, outbox,       sealer,
                       random,     clock,    token_config, session_config.absolute_timeout};
  sessions::Service sessions{transactor, session_rows, audit, outbox, keys,
                             alarm,      random,       clock, guard,  session_config};

  SessionWorld() {
    transactor.track(session_rows.sessions);
    transactor.track(key_rows.keys);
    transactor.track(alarm.rung);
    if (!transactor.atomically([&](core::Tx& tx) { return keys.make_missing(tx); }) || !keys.reload()) std::abort();
    forget();
  }

  ::sessions::Issued sign_in(UserId user, const devices::Device& device = {.name = "Chrome on macOS"}) {
    return transactor
        .atomically([&](core::Tx& tx) { return sessions.create(tx, user, device, "pwd", {.ip_address = "192.0.2.1"}); })
        .value();
  }
  const ::sessions::Session& row(::sessions::SessionId id) { return session_rows.sessions.at(id); }
  // Why a session ended; empty while it lives.
  std::string end_of(::sessions::SessionId id) {
    const auto& end = row(id).end;
    return end ? std::string(core::to_text(end->reason)) : "";
  }
};

}  // namespace test
