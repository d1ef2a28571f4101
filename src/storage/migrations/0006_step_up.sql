-- When the session's user last proved who he is; NULL: when it began, also in rows of servers that do not know of this.
ALTER TABLE sessions ADD COLUMN authenticated_at BIGINT;
