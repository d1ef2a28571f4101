-- The session of who acts in the name of this one's user. NULL: he does himself.
ALTER TABLE sessions ADD COLUMN impersonator_session BYTEA;
