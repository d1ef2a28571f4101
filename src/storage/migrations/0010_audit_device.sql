-- What acted, such as "Chrome on macOS"; empty where it is not known, and in events from before.
ALTER TABLE audit_events ADD COLUMN device TEXT NOT NULL DEFAULT '';
