-- One authenticator app of a user. Until it is confirmed it opens nothing and may be replaced.
CREATE TABLE totp_factors (
  user_id      BYTEA PRIMARY KEY REFERENCES users (id),
  sealed       BYTEA NOT NULL,                   -- the seed, under the master key
  last_step    BIGINT NOT NULL,                  -- that was used: none up to it is accepted again
  created_at   BIGINT NOT NULL,
  confirmed_at BIGINT,
  auth_epoch   BIGINT NOT NULL                   -- of the user when it was begun: what changed since then voids it
);
CREATE TABLE recovery_codes (
  user_id   BYTEA NOT NULL REFERENCES users (id),
  code_hash BYTEA NOT NULL,                      -- keyed; the row goes when the code is used
  PRIMARY KEY (user_id, code_hash)
);
-- Between a right password and its second factor. Opens nothing but that.
CREATE TABLE sign_in_challenges (
  token_hash BYTEA PRIMARY KEY,
  user_id    BYTEA NOT NULL REFERENCES users (id),
  auth_epoch BIGINT NOT NULL,                    -- of the user when the password was compared
  amr        TEXT NOT NULL,                      -- what was proved so far
  expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_challenges_by_time ON sign_in_challenges (expires_at);
