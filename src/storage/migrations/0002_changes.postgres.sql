-- The outbox of changes: what every node must reload (docs/decisions/0004-changes.md).
CREATE TABLE changes (
  seq  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  txid BIGINT NOT NULL,
  kind TEXT NOT NULL,
  key  BYTEA NOT NULL,
  at   BIGINT NOT NULL
);
CREATE INDEX changes_by_txid ON changes (txid);
