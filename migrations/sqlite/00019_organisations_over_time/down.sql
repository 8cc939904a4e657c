ALTER TABLE organisation_successions RENAME TO organisation_successions_after;
CREATE TABLE organisation_successions (
  id BLOB NOT NULL PRIMARY KEY,
  from_id BLOB NOT NULL REFERENCES organisations (id),
  to_id BLOB NOT NULL REFERENCES organisations (id),
  kind TEXT NOT NULL,
  share_ppm BIGINT NOT NULL CHECK (share_ppm BETWEEN 1 AND 1000000),
  effective_on DATE NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (from_id, to_id, effective_on)
);
-- One successor of each act is left: there was a row for each.
INSERT INTO organisation_successions
SELECT act.id, act.from_id,
  (SELECT to_id FROM organisation_successors WHERE succession_id = act.id ORDER BY legal DESC, to_id LIMIT 1),
  act.kind,
  COALESCE((SELECT share_ppm FROM organisation_successors WHERE succession_id = act.id ORDER BY legal DESC, to_id LIMIT 1), 1000000),
  act.effective_on, act.created_at
FROM organisation_successions_after AS act;
CREATE INDEX organisation_successions_by_to ON organisation_successions (to_id);
DROP TABLE organisation_successors;
DROP TABLE organisation_successions_after;

DELETE FROM organisation_closure WHERE NOT held;
ALTER TABLE organisation_closure DROP COLUMN held;

DROP INDEX organisation_edges_by_child;
DROP INDEX organisation_edges_once;
DROP INDEX organisation_edges_by_parent;
ALTER TABLE organisation_edges RENAME TO organisation_edges_after;
CREATE TABLE organisation_edges (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  parent_id BLOB NOT NULL REFERENCES organisations (id),
  child_id BLOB NOT NULL REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  illustrative BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (kind, parent_id, child_id, from_on)
);
INSERT INTO organisation_edges
SELECT id, kind, parent_id, child_id, from_on, to_on, illustrative, created_at FROM organisation_edges_after WHERE withdrawn_at IS NULL;
DROP TABLE organisation_edges_after;
CREATE INDEX organisation_edges_by_child ON organisation_edges (child_id, kind);
