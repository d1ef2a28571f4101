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
