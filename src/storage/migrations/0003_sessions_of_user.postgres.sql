-- Without last_active_at, which every refresh and every written use changes: with room in its page a row's new version
-- then needs no index entry (a heap-only tuple). Where the table is large, the index is made beforehand, CONCURRENTLY.
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('sessions_of_user') AND NOT indisvalid) THEN
    RAISE EXCEPTION 'the index sessions_of_user is not valid: drop it, and build it again';
  END IF;
END $$;
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id) WHERE ended_at IS NULL;
SET LOCAL lock_timeout = '2s';  -- whoever waits for this lock holds up all others: rather begin again
DROP INDEX sessions_by_user;
ALTER TABLE sessions SET (fillfactor = 80);
