-- Who keeps an innovation: a programme, or the subject of the applicant who registered it and whose draft it is; neither
-- where national administrators keep it. A draft is seen by whoever keeps it, and counted nowhere.
ALTER TABLE innovations ADD COLUMN keeper TEXT COLLATE "C";
ALTER TABLE innovations ADD COLUMN keeper_subject TEXT COLLATE "C";
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
ALTER TABLE fellows ADD COLUMN keeper TEXT COLLATE "C";
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
ALTER TABLE programme_memberships ADD COLUMN state TEXT COLLATE "C" NOT NULL DEFAULT 'agreed'
  CHECK (state IN ('proposed', 'agreed', 'declined', 'ended'));
ALTER TABLE programme_memberships ADD COLUMN proposed_by TEXT COLLATE "C" NOT NULL DEFAULT 'programme'
  CHECK (proposed_by IN ('programme', 'innovation'));
ALTER TABLE programme_partners ADD COLUMN state TEXT COLLATE "C" NOT NULL DEFAULT 'agreed'
  CHECK (state IN ('proposed', 'agreed', 'declined', 'ended'));

ALTER TABLE fellowship_innovations RENAME TO fellowship_innovations_before;
DROP INDEX fellowship_innovations_by_innovation;
CREATE TABLE fellowship_innovations (
  id BYTEA NOT NULL PRIMARY KEY,
  fellowship_id BYTEA NOT NULL REFERENCES fellowships (id),
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'agreed', 'declined', 'ended')),
  UNIQUE (fellowship_id, innovation_id)
);
INSERT INTO fellowship_innovations (id, fellowship_id, innovation_id, state)
  SELECT uuid_send(gen_random_uuid()), fellowship_id, innovation_id, 'agreed' FROM fellowship_innovations_before;
DROP TABLE fellowship_innovations_before;
CREATE INDEX fellowship_innovations_by_innovation ON fellowship_innovations (innovation_id, fellowship_id);

-- A fellowship that its fellow has not agreed to is proposed, and declined where that is the end of it.
ALTER TABLE fellowships DROP CONSTRAINT fellowships_state_check;
ALTER TABLE fellowships ADD CONSTRAINT fellowships_state_check
  CHECK (state IN ('proposed', 'planned', 'active', 'paused', 'completed', 'withdrawn', 'declined'));
