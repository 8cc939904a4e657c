DROP INDEX organisation_successions_once;
ALTER TABLE organisation_successions
  DROP COLUMN source,
  DROP COLUMN illustrative,
  ADD COLUMN to_id BYTEA REFERENCES organisations (id),
  ADD COLUMN share_ppm BIGINT CHECK (share_ppm BETWEEN 1 AND 1000000);
-- One successor of each act is left: there was a row for each.
UPDATE organisation_successions AS act SET
  to_id = (SELECT to_id FROM organisation_successors WHERE succession_id = act.id ORDER BY legal DESC, to_id LIMIT 1),
  share_ppm = COALESCE((SELECT share_ppm FROM organisation_successors WHERE succession_id = act.id ORDER BY legal DESC, to_id LIMIT 1), 1000000);
ALTER TABLE organisation_successions
  ALTER COLUMN to_id SET NOT NULL,
  ALTER COLUMN share_ppm SET NOT NULL,
  ADD UNIQUE (from_id, to_id, effective_on);
CREATE INDEX organisation_successions_by_to ON organisation_successions (to_id);
DROP TABLE organisation_successors;

DELETE FROM organisation_closure WHERE NOT held;
ALTER TABLE organisation_closure DROP COLUMN held;

DELETE FROM organisation_edges WHERE withdrawn_at IS NOT NULL;
DROP INDEX organisation_edges_by_parent;
DROP INDEX organisation_edges_once;
ALTER TABLE organisation_edges
  DROP COLUMN version,
  DROP COLUMN updated_at,
  DROP COLUMN withdrawn_at,
  DROP COLUMN withdrawn_reason,
  ADD UNIQUE (kind, parent_id, child_id, from_on);
