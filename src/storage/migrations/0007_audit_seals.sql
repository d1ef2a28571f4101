-- The chain over audit_events (docs/decisions/0016-how-events-are-sealed.md).
CREATE TABLE audit_seals (
  number    BIGINT PRIMARY KEY,                  -- from 1 on, without gaps
  at        BIGINT NOT NULL,
  before    BYTEA NOT NULL,                      -- head of the seal before it
  head      BYTEA NOT NULL,
  leaves    BYTEA NOT NULL,                      -- id and SHA-256 of each event, 48 bytes
  signature BYTEA NOT NULL                       -- Ed25519, of the head
);
