-- The outbox of changes: what every node must reload (docs/decisions/0004-changes.md).
CREATE TABLE changes (
  seq  INTEGER PRIMARY KEY AUTOINCREMENT,
  txid BIGINT NOT NULL,
  kind TEXT NOT NULL,
  key  BYTEA NOT NULL,
  at   BIGINT NOT NULL
);
