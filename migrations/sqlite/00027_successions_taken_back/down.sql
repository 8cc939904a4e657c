DROP TABLE succession_effects;
-- Of those that were taken back nothing can be said.
DELETE FROM organisation_successors WHERE succession_id IN (SELECT id FROM organisation_successions WHERE withdrawn_at IS NOT NULL);
DELETE FROM organisation_successions WHERE withdrawn_at IS NOT NULL;
DROP INDEX organisation_successions_once;
CREATE UNIQUE INDEX organisation_successions_once ON organisation_successions (from_id, effective_on);
ALTER TABLE organisation_successions DROP COLUMN withdrawn_reason;
ALTER TABLE organisation_successions DROP COLUMN withdrawn_at;
ALTER TABLE organisation_successions DROP COLUMN updated_at;
ALTER TABLE organisation_successions DROP COLUMN version;
ALTER TABLE organisation_successions DROP COLUMN effects_kept;
