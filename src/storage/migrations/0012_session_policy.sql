-- Proofs of who the user is that are older do not count any more: an event of the account took them back. NULL: all do.
ALTER TABLE sessions ADD COLUMN proofs_from BIGINT;
