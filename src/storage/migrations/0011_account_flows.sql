-- Another address of a user, until the codes of both mailboxes are there.
CREATE TABLE email_changes (
  user_id    BYTEA PRIMARY KEY REFERENCES users (id),
  email      TEXT NOT NULL,
  email_key  TEXT NOT NULL,
  old_key    TEXT NOT NULL,
  auth_epoch BIGINT NOT NULL,
  asked_at   BIGINT NOT NULL,
  mailed_at  BIGINT
);
CREATE INDEX email_changes_by_address ON email_changes (email_key, mailed_at);
CREATE INDEX email_changes_by_age ON email_changes (asked_at);

-- Accounts whose users asked for their deletion, which they may take back until then.
ALTER TABLE users ADD COLUMN delete_after BIGINT;
CREATE INDEX users_to_delete ON users (delete_after) WHERE delete_after IS NOT NULL;
