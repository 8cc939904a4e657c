DROP INDEX fellowships_by_state;
DROP INDEX fellowships_by_state_updated;
ALTER TABLE fellowships ADD COLUMN state_after TEXT NOT NULL DEFAULT 'planned'
  CHECK (state_after IN ('planned', 'active', 'paused', 'completed', 'withdrawn'));
UPDATE fellowships SET state_after = CASE WHEN state IN ('proposed', 'declined') THEN 'withdrawn' ELSE state END;
ALTER TABLE fellowships DROP COLUMN state;
ALTER TABLE fellowships RENAME COLUMN state_after TO state;
CREATE INDEX fellowships_by_state ON fellowships (state, from_on, id);
CREATE INDEX fellowships_by_state_updated ON fellowships (state, updated_at, id);

ALTER TABLE fellowship_innovations RENAME TO fellowship_innovations_after;
DROP INDEX fellowship_innovations_by_innovation;
CREATE TABLE fellowship_innovations (
  fellowship_id BLOB NOT NULL REFERENCES fellowships (id),
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  PRIMARY KEY (fellowship_id, innovation_id)
);
INSERT INTO fellowship_innovations SELECT fellowship_id, innovation_id FROM fellowship_innovations_after WHERE state = 'agreed';
DROP TABLE fellowship_innovations_after;
CREATE INDEX fellowship_innovations_by_innovation ON fellowship_innovations (innovation_id, fellowship_id);

DELETE FROM programme_partners WHERE state IN ('proposed', 'declined');
ALTER TABLE programme_partners DROP COLUMN state;
DELETE FROM programme_memberships WHERE state IN ('proposed', 'declined');
ALTER TABLE programme_memberships DROP COLUMN proposed_by;
ALTER TABLE programme_memberships DROP COLUMN state;

DROP INDEX people_by_subject;
CREATE INDEX people_by_subject ON people (subject);

ALTER TABLE fellows DROP COLUMN keeper;

DROP INDEX innovations_by_keeper_subject;
DROP INDEX innovations_by_keeper;
UPDATE innovations SET archived_at = updated_at WHERE draft;
ALTER TABLE innovations DROP COLUMN draft;
ALTER TABLE innovations DROP COLUMN keeper_subject;
ALTER TABLE innovations DROP COLUMN keeper;
