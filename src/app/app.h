// Owns: the composition root: what the program consists of. Declaration order is start order, its reverse is shutdown.
// Does not own: settings' values (config.h), what commands do (commands.cc), serving (serve.h).
// Thread rule: built by one thread; each part says its own.
#pragma once
#include <atomic>

#include "access/access_service.h"
#include "accounts/user_service.h"
#include "admin/admin_service.h"
#include "app/config.h"
#include "audit/audit_store.h"
#include "audit/seal_store.h"
#include "changes/change_feed.h"
#include "core/clock_guard.h"
#include "core/metrics.h"
#include "devices/user_agent.h"
#include "limits/rate_limiter.h"
#include "login/impersonation.h"
#include "login/invited.h"
#include "login/late_enrolment.h"
#include "login/login_service.h"
#include "login/passkey_sign_in.h"
#include "login/registration_service.h"
#include "login/reuse_alarm.h"
#include "login/step_up.h"
#include "mail/mail_service.h"
#include "mail/mail_store.h"
#include "mfa/own_factors.h"
#include "mfa/role_watch.h"
#include "passwords/password_service.h"
#include "risk/approvals.h"
#include "risk/watch.h"
#include "self/deletion.h"
#include "self/email_change.h"
#include "self/export.h"
#include "sessions/checker.h"
#include "sessions/end_again.h"
#include "sessions/session_service.h"
#include "storage/database.h"

namespace app {

// A command runs beside servers; a server on the embedded store is the only one.
enum class Role { server, command };

struct App {
  // Opens the store and, when `migrate` says so, brings it up to date with its roles and keys. Errors hold a sentence
  // that says what to change.
  static core::Result<std::unique_ptr<App>> create(const Config& config, Migrate migrate, Role role = Role::command);

  // What may fail to be made.
  struct Opened {
    std::unique_ptr<core::SystemClock> clock = std::make_unique<core::SystemClock>();
    std::unique_ptr<core::Metrics> metrics = std::make_unique<core::Metrics>();
    std::unique_ptr<storage::Database> database;
    crypto::Secret master;
    std::unique_ptr<changes::Stream> stream;     // null without Redis
    std::unique_ptr<limits::Counters> counters;  // null without Redis, and for a command
    std::unique_ptr<sessions::Copies> copies;    // the same
    std::unique_ptr<passwords::Hasher> hasher;
    std::optional<crypto::SigningKey> head_key;
    risk::Places places;
  };
  App(const Config& config, Opened opened, Role role);
  // The feed's thread tells parts that are declared behind it.
  ~App() { feed.stop(); }

  const Config& config;
  std::atomic<bool> draining{false};  // requests are served, but load balancers shall turn away
  std::unique_ptr<core::SystemClock> clock_owner;
  const core::Clock& clock = *clock_owner;
  core::ClockGuard guard;
  crypto::SystemRandom random;
  std::unique_ptr<core::Metrics> metrics;
  core::Metrics own_metrics;  // of the listener that shows metrics
  std::unique_ptr<passwords::Hasher> hasher;
  std::unique_ptr<storage::Database> database;
  crypto::Sealer sealer;
  crypto::Secret code_key, guess_key;
  crypto::HmacKey recovery_key;
  crypto::SigningKey head_key;

  std::unique_ptr<audit::Store> audit;
  std::unique_ptr<audit::SealStore> seal_rows;
  std::unique_ptr<changes::Store> change_rows;
  std::unique_ptr<accounts::Store> users;
  std::unique_ptr<verification::Store> code_rows;
  std::unique_ptr<limits::GuessStore> guess_rows;
  std::unique_ptr<tokens::KeyStore> key_rows;
  std::unique_ptr<roles::RoleStore> role_rows;
  std::unique_ptr<sessions::Store> session_rows;
  std::unique_ptr<mail::Store> mail_rows;
  std::unique_ptr<mfa::FactorStore> factor_rows;
  std::unique_ptr<mfa::ChallengeStore> challenge_rows;
  std::unique_ptr<webauthn::PasskeyStore> passkey_rows;
  std::unique_ptr<risk::FamiliarStore> familiar_rows;
  std::unique_ptr<risk::NoticeStore> notice_rows;
  std::unique_ptr<risk::ApprovalStore> approval_rows;
  std::unique_ptr<self::EmailChangeStore> email_change_rows;
  std::unique_ptr<self::ExportStore> own_rows;
  std::unique_ptr<invitations::InvitationStore> invitation_rows;
  std::unique_ptr<self::RemainsStore> remains;

  std::unique_ptr<changes::Stream> stream;
  changes::Feed feed;
  mail::Service mail;
  tokens::KeyRing keys;
  tokens::VerifiedCache verified;
  sessions::NearCache near;
  devices::UserAgents agents;
  limits::RateLimiter limiter;
  limits::GuessLimit guesses, factor_guesses;
  accounts::Service accounts;
  verification::Service codes;
  mfa::RoleWatch role_watch;
  roles::Service access;
  login::ReuseAlarm alarm;
  sessions::Service sessions;
  sessions::EndAgain end_again;
  std::unique_ptr<sessions::Copies> copies;
  sessions::Checker checker;
  login::CodeMailer code_mailer;
  passwords::Breaches breaches;
  passwords::Service passwords;
  mfa::Service factors;
  mfa::Challenges challenges;
  mfa::OwnFactors own_factors;
  webauthn::Config webauthn_config;
  webauthn::Passkeys passkeys;
  risk::Places places;
  risk::NotMe not_me;
  risk::Watch watch;
  risk::Approvals approvals;
  login::Registration registration;
  login::Service login;
  login::StepUp step_up;
  login::LateEnrolment late_enrolment;
  login::Impersonations impersonations;
  invitations::Service invitations;
  login::Invited invited;
  login::PasskeySignIn passkey_sign_in;
  self::EmailChange email_change;
  self::Export own_data;
  self::Removal removal;
  self::Deletion deletion;
  admin::Service admin;

 private:
  core::Result<> migrate();
  void subscribe();
};

}  // namespace app
