-- Columns are BIGINT, TEXT or BYTEA, so that both engines read the same text. Times are milliseconds since 1970.

CREATE TABLE users (
  id                BYTEA PRIMARY KEY,
  email             TEXT NOT NULL,               -- as stored and mailed to
  email_key         TEXT NOT NULL UNIQUE,        -- as compared
  first_name        TEXT NOT NULL,
  last_name         TEXT NOT NULL,
  account_type      TEXT NOT NULL,
  password_hash     TEXT NOT NULL,               -- PHC string
  auth_epoch        BIGINT NOT NULL DEFAULT 0,   -- rises when nothing older may sign in
  email_verified_at BIGINT,
  disabled_at       BIGINT,
  deleted_at        BIGINT,
  created_at        BIGINT NOT NULL
);
CREATE INDEX users_by_creation ON users (created_at, id);

CREATE TABLE verification_codes (
  user_id    BYTEA NOT NULL REFERENCES users (id),
  purpose    TEXT NOT NULL,
  code_hash  BYTEA NOT NULL,
  attempts   BIGINT NOT NULL DEFAULT 0,
  issued_at  BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, purpose)
);

CREATE TABLE sessions (
  id             BYTEA PRIMARY KEY,
  user_id        BYTEA NOT NULL REFERENCES users (id),
  secret         BYTEA NOT NULL,
  generation     BIGINT NOT NULL DEFAULT 0,
  rotations      TEXT NOT NULL DEFAULT '',       -- times of the last four rotations, newest first
  answered_to    TEXT NOT NULL DEFAULT '',       -- the device family that the last rotation was answered to
  amr            TEXT NOT NULL,
  device_name    TEXT,
  platform       TEXT,
  app_version    TEXT,
  user_agent     TEXT,
  device_id      TEXT,
  ip_address     TEXT NOT NULL,
  created_at     BIGINT NOT NULL,
  last_active_at BIGINT NOT NULL,
  refreshed_at   BIGINT NOT NULL,
  expires_at     BIGINT NOT NULL,                -- absolute
  ended_at       BIGINT,
  end_reason     TEXT
);
CREATE INDEX sessions_by_user ON sessions (user_id, last_active_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at) WHERE ended_at IS NULL;

CREATE TABLE signing_keys (
  kid        TEXT PRIMARY KEY,
  purpose    TEXT NOT NULL,                      -- access or refresh
  algorithm  TEXT NOT NULL,
  sealed     BYTEA NOT NULL,                     -- the private part under the master key
  created_at BIGINT NOT NULL,
  active_at  BIGINT NOT NULL,                    -- signs from then on
  retired_at BIGINT                              -- verifies until then; NULL while it signs
);

CREATE TABLE roles (
  name        TEXT PRIMARY KEY,
  description TEXT NOT NULL,
  seeded      BIGINT NOT NULL DEFAULT 0,
  created_at  BIGINT NOT NULL
);
CREATE TABLE role_permissions (
  role       TEXT NOT NULL REFERENCES roles (name),
  permission TEXT NOT NULL,
  PRIMARY KEY (role, permission)
);
CREATE TABLE role_inherits (
  role     TEXT NOT NULL REFERENCES roles (name),
  inherits TEXT NOT NULL REFERENCES roles (name),
  PRIMARY KEY (role, inherits)
);
CREATE TABLE role_assignments (
  user_id    BYTEA NOT NULL REFERENCES users (id),
  role       TEXT NOT NULL REFERENCES roles (name),
  given_by   BYTEA,                              -- NULL: the system or the command line
  given_at   BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (user_id, role)
);
CREATE INDEX role_assignments_by_role ON role_assignments (role);
-- One row: its lock serialises all changes of roles, its stamp is another one after each of them.
CREATE TABLE role_graph (
  id    BIGINT PRIMARY KEY,
  stamp TEXT NOT NULL
);
INSERT INTO role_graph (id, stamp) VALUES (1, '');

CREATE TABLE mail_outbox (
  id              BYTEA PRIMARY KEY,
  recipient       TEXT NOT NULL,
  sealed          BYTEA NOT NULL,                -- subject and parts: they hold codes, so not in plain text
  created_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  attempts        BIGINT NOT NULL DEFAULT 0,
  next_attempt_at BIGINT NOT NULL,
  last_error      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX mail_outbox_due ON mail_outbox (next_attempt_at);

CREATE TABLE audit_events (
  id         BYTEA PRIMARY KEY,
  at         BIGINT NOT NULL,
  action     TEXT NOT NULL,
  actor      BYTEA,
  subject    BYTEA,
  session_id BYTEA,                              -- that it happened to
  actor_session BYTEA,                           -- that the actor used
  ip_address TEXT NOT NULL,
  request_id TEXT NOT NULL,
  detail     TEXT NOT NULL
);
CREATE INDEX audit_events_by_subject ON audit_events (subject, at);
