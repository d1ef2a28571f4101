-- Wrong passwords of an account, also of addresses that have none: the subject is a keyed hash of the address.
CREATE TABLE guesses (
  subject  BYTEA PRIMARY KEY,
  failures BIGINT NOT NULL,                      -- in a row
  last_at  BIGINT NOT NULL
);
CREATE INDEX guesses_by_time ON guesses (last_at);
-- Codes that were issued since one was last accepted: each lets the next one wait longer.
ALTER TABLE verification_codes ADD COLUMN issues BIGINT NOT NULL DEFAULT 1;
