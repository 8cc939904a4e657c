-- A succession that never was can be taken back, as long as it is known what it changed.
ALTER TABLE organisation_successions ADD COLUMN effects_kept BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE organisation_successions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE organisation_successions ADD COLUMN updated_at TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00';
UPDATE organisation_successions SET updated_at = created_at;
ALTER TABLE organisation_successions ADD COLUMN withdrawn_at TIMESTAMP;
ALTER TABLE organisation_successions ADD COLUMN withdrawn_reason TEXT;
DROP INDEX organisation_successions_once;
CREATE UNIQUE INDEX organisation_successions_once ON organisation_successions (from_id, effective_on) WHERE withdrawn_at IS NULL;

-- What a succession changed, with what was there before.
CREATE TABLE succession_effects (
  id BLOB NOT NULL PRIMARY KEY,
  succession_id BLOB NOT NULL REFERENCES organisation_successions (id),
  kind TEXT NOT NULL,
  record_id BLOB NOT NULL,
  was_on DATE,
  added TEXT
);
CREATE INDEX succession_effects_by_succession ON succession_effects (succession_id);
