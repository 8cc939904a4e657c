-- Who keeps an innovation: a programme, or the subject of the applicant who registered it and whose draft it is; neither
-- where national administrators keep it. A draft is seen by whoever keeps it, and counted nowhere.
ALTER TABLE innovations ADD COLUMN keeper TEXT;
ALTER TABLE innovations ADD COLUMN keeper_subject TEXT;
ALTER TABLE innovations ADD COLUMN draft BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX innovations_by_keeper ON innovations (keeper);
CREATE INDEX innovations_by_keeper_subject ON innovations (keeper_subject);

-- The programme whose membership was recorded first, where that is one.
UPDATE innovations SET keeper = (
  SELECT MIN(earliest.programme) FROM programme_memberships earliest
  WHERE earliest.innovation_id = innovations.id AND earliest.created_at = (
    SELECT MIN(created_at) FROM programme_memberships WHERE innovation_id = innovations.id
  )
  HAVING COUNT(DISTINCT earliest.programme) = 1
);

-- The programme that registered a fellow, which keeps the record for as long as the person has no subject.
ALTER TABLE fellows ADD COLUMN keeper TEXT;
UPDATE fellows SET keeper = (
  SELECT MIN(earliest.programme) FROM fellowships earliest
  WHERE earliest.fellow_id = fellows.id AND earliest.created_at = (
    SELECT MIN(created_at) FROM fellowships WHERE fellow_id = fellows.id
  )
  HAVING COUNT(DISTINCT earliest.programme) = 1
);

-- One subject belongs to one person: to the one who was registered earliest.
UPDATE people SET subject = NULL, version = version + 1 WHERE subject IS NOT NULL AND EXISTS (
  SELECT 1 FROM people earlier WHERE earlier.subject = people.subject AND (
    earlier.created_at < people.created_at OR (earlier.created_at = people.created_at AND earlier.id < people.id)
  )
);
DROP INDEX people_by_subject;
CREATE UNIQUE INDEX people_by_subject ON people (subject);

-- A link holds once both its ends have agreed to it. Those that are there did, when nobody asked.
ALTER TABLE programme_memberships ADD COLUMN state TEXT NOT NULL DEFAULT 'agreed'
  CHECK (state IN ('proposed', 'agreed', 'declined', 'ended'));
ALTER TABLE programme_memberships ADD COLUMN proposed_by TEXT NOT NULL DEFAULT 'programme'
  CHECK (proposed_by IN ('programme', 'innovation'));
ALTER TABLE programme_partners ADD COLUMN state TEXT NOT NULL DEFAULT 'agreed'
  CHECK (state IN ('proposed', 'agreed', 'declined', 'ended'));

ALTER TABLE fellowship_innovations RENAME TO fellowship_innovations_before;
DROP INDEX fellowship_innovations_by_innovation;
CREATE TABLE fellowship_innovations (
  id BLOB NOT NULL PRIMARY KEY,
  fellowship_id BLOB NOT NULL REFERENCES fellowships (id),
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  state TEXT NOT NULL CHECK (state IN ('proposed', 'agreed', 'declined', 'ended')),
  UNIQUE (fellowship_id, innovation_id)
);
INSERT INTO fellowship_innovations (id, fellowship_id, innovation_id, state)
  SELECT randomblob(16), fellowship_id, innovation_id, 'agreed' FROM fellowship_innovations_before;
DROP TABLE fellowship_innovations_before;
CREATE INDEX fellowship_innovations_by_innovation ON fellowship_innovations (innovation_id, fellowship_id);

-- A fellowship that its fellow has not agreed to is proposed, and declined where that is the end of it.
DROP INDEX fellowships_by_state;
DROP INDEX fellowships_by_state_updated;
ALTER TABLE fellowships ADD COLUMN state_after TEXT NOT NULL DEFAULT 'planned'
  CHECK (state_after IN ('proposed', 'planned', 'active', 'paused', 'completed', 'withdrawn', 'declined'));
UPDATE fellowships SET state_after = state;
ALTER TABLE fellowships DROP COLUMN state;
ALTER TABLE fellowships RENAME COLUMN state_after TO state;
CREATE INDEX fellowships_by_state ON fellowships (state, from_on, id);
CREATE INDEX fellowships_by_state_updated ON fellowships (state, updated_at, id);
