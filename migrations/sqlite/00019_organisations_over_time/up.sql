-- Edges can be ended, and taken back as mistakes: what was taken back is kept, and says so.
DROP INDEX organisation_edges_by_child;
ALTER TABLE organisation_edges RENAME TO organisation_edges_before;
CREATE TABLE organisation_edges (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  parent_id BLOB NOT NULL REFERENCES organisations (id),
  child_id BLOB NOT NULL REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  illustrative BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT
);
INSERT INTO organisation_edges
SELECT id, kind, parent_id, child_id, from_on, to_on, illustrative, created_at, 1, created_at, NULL, NULL FROM organisation_edges_before;
DROP TABLE organisation_edges_before;
CREATE INDEX organisation_edges_by_child ON organisation_edges (child_id, kind);
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
DROP INDEX organisation_successions_by_to;
ALTER TABLE organisation_successions RENAME TO organisation_successions_before;
CREATE TABLE organisation_successions (
  id BLOB NOT NULL PRIMARY KEY,
  from_id BLOB NOT NULL REFERENCES organisations (id),
  kind TEXT NOT NULL,
  effective_on DATE NOT NULL,
  created_at TIMESTAMP NOT NULL,
  source TEXT,
  illustrative BOOLEAN NOT NULL DEFAULT FALSE
);
INSERT INTO organisation_successions
SELECT row.id, row.from_id, row.kind, row.effective_on, row.created_at, NULL, FALSE FROM organisation_successions_before AS row
WHERE NOT EXISTS (
  SELECT 1 FROM organisation_successions_before AS act
  WHERE act.from_id = row.from_id AND act.effective_on = row.effective_on AND act.id < row.id
);
CREATE UNIQUE INDEX organisation_successions_once ON organisation_successions (from_id, effective_on);
CREATE TABLE organisation_successors (
  succession_id BLOB NOT NULL REFERENCES organisation_successions (id),
  to_id BLOB NOT NULL REFERENCES organisations (id),
  legal BOOLEAN NOT NULL,
  share_ppm BIGINT,
  share_basis TEXT,
  share_source TEXT,
  share_on DATE,
  PRIMARY KEY (succession_id, to_id)
);
CREATE INDEX organisation_successors_by_to ON organisation_successors (to_id);
INSERT INTO organisation_successors (succession_id, to_id, legal, share_ppm)
SELECT
  (SELECT act.id FROM organisation_successions AS act
   WHERE act.from_id = row.from_id AND act.effective_on = row.effective_on),
  row.to_id,
  NOT EXISTS (SELECT 1 FROM organisation_successions_before AS other
   WHERE other.from_id = row.from_id AND other.effective_on = row.effective_on AND other.id <> row.id),
  CASE WHEN row.share_ppm = 1000000 THEN NULL ELSE row.share_ppm END
FROM organisation_successions_before AS row;
DROP TABLE organisation_successions_before;
