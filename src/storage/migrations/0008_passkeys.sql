-- What signs in without a password (WebAuthn). No secret is in it: the private key stays with the authenticator.
CREATE TABLE passkeys (
  id              BYTEA PRIMARY KEY,
  user_id         BYTEA NOT NULL REFERENCES users (id),
  credential_id   BYTEA NOT NULL UNIQUE,          -- of one account only, also for registrations at once
  rp_id           TEXT NOT NULL,
  public_key      BYTEA NOT NULL,                 -- COSE_Key
  sign_count      BIGINT NOT NULL,                -- never becomes smaller
  user_verified   BIGINT NOT NULL,
  backup_eligible BIGINT NOT NULL,
  backed_up       BIGINT NOT NULL,
  aaguid          BYTEA NOT NULL,
  transports      TEXT NOT NULL,
  name            TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  last_used_at    BIGINT
);
CREATE INDEX passkeys_of_user ON passkeys (user_id);
-- What an authenticator is to sign next: once, and for one purpose.
CREATE TABLE passkey_challenges (
  challenge_hash BYTEA PRIMARY KEY,
  purpose        TEXT NOT NULL,
  user_id        BYTEA REFERENCES users (id),     -- NULL: whoever signs in
  session_id     BYTEA,
  auth_epoch     BIGINT NOT NULL,                 -- of the user when it was made
  expires_at     BIGINT NOT NULL
);
CREATE INDEX passkey_challenges_by_time ON passkey_challenges (expires_at);
