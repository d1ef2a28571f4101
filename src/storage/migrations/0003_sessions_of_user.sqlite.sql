-- Without last_active_at, which every refresh and every written use changes: they then leave all indexes alone.
CREATE INDEX sessions_of_user ON sessions (user_id) WHERE ended_at IS NULL;
DROP INDEX sessions_by_user;
