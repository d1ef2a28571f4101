-- Without last_active_at, which every refresh and every written use changes: with room in its page a row's new version
-- then needs no index entry (a heap-only tuple). Where the table is large, the index is made beforehand, CONCURRENTLY.
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id);
DROP INDEX sessions_by_user;
ALTER TABLE sessions SET (fillfactor = 80);
