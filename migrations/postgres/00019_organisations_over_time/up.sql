-- Edges can be ended, and taken back as mistakes: what was taken back is kept, and says so.
ALTER TABLE organisation_edges
  ADD COLUMN version INTEGER NOT NULL DEFAULT 1,
  ADD COLUMN updated_at TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
  ADD COLUMN withdrawn_at TIMESTAMP,
  ADD COLUMN withdrawn_reason TEXT COLLATE "C";
UPDATE organisation_edges SET updated_at = created_at;
ALTER TABLE organisation_edges DROP CONSTRAINT organisation_edges_kind_parent_id_child_id_from_on_key;
CREATE UNIQUE INDEX organisation_edges_once ON organisation_edges (kind, parent_id, child_id, from_on) WHERE withdrawn_at IS NULL;
CREATE INDEX organisation_edges_by_parent ON organisation_edges (parent_id, kind);

-- One geographic parent on a day: until now no edge could be ended, so an organisation that moved was below both. The edge
-- before ends where the next one begins.
UPDATE organisation_edges AS earlier SET to_on = (
  SELECT MIN(later.from_on) FROM organisation_edges AS later
  WHERE later.child_id = earlier.child_id AND later.kind = 'geographic' AND later.from_on > earlier.from_on
) WHERE earlier.kind = 'geographic' AND EXISTS (
  SELECT 1 FROM organisation_edges AS later
  WHERE later.child_id = earlier.child_id AND later.kind = 'geographic' AND later.from_on > earlier.from_on AND later.from_on < earlier.to_on
);

-- Whether an organisation stands there by its edges, or only because they say nothing of those days and the nearest does.
ALTER TABLE organisation_closure ADD COLUMN held BOOLEAN NOT NULL DEFAULT TRUE;

-- A succession is one act for one predecessor and day, with all its successors.
CREATE TABLE organisation_successors (
  succession_id BYTEA NOT NULL REFERENCES organisation_successions (id),
  to_id BYTEA NOT NULL REFERENCES organisations (id),
  legal BOOLEAN NOT NULL,
  share_ppm BIGINT,
  share_basis TEXT COLLATE "C",
  share_source TEXT COLLATE "C",
  share_on DATE,
  PRIMARY KEY (succession_id, to_id)
);
CREATE INDEX organisation_successors_by_to ON organisation_successors (to_id);
INSERT INTO organisation_successors (succession_id, to_id, legal, share_ppm)
SELECT
  (SELECT act.id FROM organisation_successions AS act
   WHERE act.from_id = row.from_id AND act.effective_on = row.effective_on ORDER BY act.id LIMIT 1),
  row.to_id,
  NOT EXISTS (SELECT 1 FROM organisation_successions AS other
   WHERE other.from_id = row.from_id AND other.effective_on = row.effective_on AND other.id <> row.id),
  CASE WHEN row.share_ppm = 1000000 THEN NULL ELSE row.share_ppm END
FROM organisation_successions AS row;
DELETE FROM organisation_successions AS row WHERE EXISTS (
  SELECT 1 FROM organisation_successions AS act
  WHERE act.from_id = row.from_id AND act.effective_on = row.effective_on AND act.id < row.id
);
ALTER TABLE organisation_successions
  DROP COLUMN to_id,
  DROP COLUMN share_ppm,
  ADD COLUMN source TEXT COLLATE "C",
  ADD COLUMN illustrative BOOLEAN NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX organisation_successions_once ON organisation_successions (from_id, effective_on);
