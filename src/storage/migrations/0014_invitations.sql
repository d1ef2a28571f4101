-- Invitations that wait to be accepted: one for each address.
CREATE TABLE invitations (
  token_hash BYTEA NOT NULL PRIMARY KEY,        -- SHA-256
  id         BYTEA NOT NULL UNIQUE,
  email      TEXT NOT NULL,
  email_key  TEXT NOT NULL UNIQUE,
  first_name TEXT NOT NULL,
  last_name  TEXT NOT NULL,
  roles      TEXT NOT NULL,                     -- names, with commas between
  invited_by BYTEA NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);
