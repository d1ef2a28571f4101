-- What is familiar of each user: "device …", "network …", "country …".
CREATE TABLE familiar (
  user_id BYTEA NOT NULL REFERENCES users (id),
  trait   TEXT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, trait)
);
CREATE INDEX familiar_by_age ON familiar (last_at);
-- Nobody is told of the devices that he has used so far.
INSERT INTO familiar (user_id, trait, last_at)
  SELECT user_id,
         CASE WHEN device_id <> '' THEN 'device id ' || device_id
              ELSE 'device ' || coalesce(platform, '') || ' ' || coalesce(device_name, '') END,
         max(last_active_at)
    FROM sessions GROUP BY 1, 2;

-- Which accounts a network tried, while risk.many_accounts is on.
CREATE TABLE tried_accounts (
  source  TEXT NOT NULL,
  account BYTEA NOT NULL,                        -- SHA-256 of the address as it is compared
  at      BIGINT NOT NULL,
  PRIMARY KEY (source, account)
);
CREATE INDEX tried_accounts_by_age ON tried_accounts (at);

-- Sign-ins of which their users were told with a link to say that it was not them.
CREATE TABLE sign_in_notices (
  token_hash BYTEA PRIMARY KEY,
  user_id    BYTEA NOT NULL REFERENCES users (id),
  session_id BYTEA NOT NULL,
  device     TEXT NOT NULL,
  ip_address TEXT NOT NULL,
  at         BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_notices_by_expiry ON sign_in_notices (expires_at);

-- Sign-ins that wait for the approval of another session of their user.
CREATE TABLE approvals (
  id         BYTEA PRIMARY KEY,
  user_id    BYTEA NOT NULL REFERENCES users (id),
  token_hash BYTEA NOT NULL,                     -- of the sign-in that waits: sign_in_challenges
  number     TEXT NOT NULL,
  state      TEXT NOT NULL,
  device     TEXT NOT NULL,
  ip_address TEXT NOT NULL,
  at         BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX approvals_by_token ON approvals (token_hash);
CREATE INDEX approvals_of_user ON approvals (user_id, at);
CREATE INDEX approvals_by_time ON approvals (at);
