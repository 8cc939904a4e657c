-- Approval, archives, indications, days of counts and what was withdrawn are lost.
INSERT INTO transitions (id, resource, resource_id, from_state, to_state, reason, effective_on, made_by, made_at)
SELECT id, 'adoption', adoption_id, from_stage, to_stage, reason, effective_on, made_by, made_at
FROM (SELECT m.*, lag(to_stage) OVER (PARTITION BY adoption_id ORDER BY effective_on, rank) AS from_stage FROM adoption_moves m
      WHERE withdrawn_at IS NULL AND adoption_id IN (SELECT id FROM adoptions WHERE indication = '' AND archived_at IS NULL)) moves
WHERE from_stage IS NOT NULL;
ALTER TABLE adoptions RENAME TO adoptions_after;
DROP INDEX adoptions_once;
DROP INDEX adoptions_by_updated;
DROP INDEX adoptions_by_stage;
DROP INDEX adoptions_by_organisation;
DROP INDEX adoptions_by_indication;
DROP INDEX adoptions_by_approval;
CREATE TABLE adoptions (
  id BLOB NOT NULL PRIMARY KEY,
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  stage TEXT NOT NULL CHECK (stage IN ('identified', 'engaged', 'committed', 'piloting', 'implementing', 'adopted', 'sustained', 'declined', 'paused', 'decommissioned', 'superseded')),
  stage_on DATE NOT NULL,
  paused_from TEXT,
  using_from DATE,
  using_to DATE NOT NULL,
  sites BIGINT,
  users BIGINT,
  patients BIGINT,
  decided_by TEXT,
  barriers TEXT NOT NULL,
  illustrative BOOLEAN NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (innovation_id, organisation_id)
);
CREATE INDEX adoptions_by_updated ON adoptions (updated_at, id);
CREATE INDEX adoptions_by_stage ON adoptions (stage, updated_at, id);
CREATE INDEX adoptions_by_organisation ON adoptions (organisation_id, updated_at, id);
CREATE INDEX adoptions_by_use ON adoptions (using_from, using_to, organisation_id);
INSERT INTO adoptions (id, innovation_id, organisation_id, stage, stage_on, paused_from, using_from, using_to, sites, users, patients, barriers, decided_by, illustrative, version, created_at, updated_at)
SELECT a.id, a.innovation_id, a.organisation_id, a.stage,
  coalesce((SELECT max(s.from_on) FROM adoption_spells s WHERE s.adoption_id = a.id), date(a.created_at)),
  CASE WHEN a.stage = 'paused' THEN (SELECT s.stage FROM adoption_spells s WHERE s.adoption_id = a.id AND s.stage <> 'paused' ORDER BY s.from_on DESC LIMIT 1) END,
  (SELECT min(s.from_on) FROM adoption_spells s WHERE s.adoption_id = a.id AND s.stage IN ('piloting', 'implementing', 'adopted', 'sustained')),
  coalesce((SELECT max(s.to_on) FROM adoption_spells s WHERE s.adoption_id = a.id AND s.stage IN ('piloting', 'implementing', 'adopted', 'sustained')), '9999-12-31'),
  (SELECT c.sites FROM adoption_counts c WHERE c.adoption_id = a.id AND c.withdrawn_at IS NULL ORDER BY c.counted_on DESC, c.id DESC LIMIT 1),
  (SELECT c.users FROM adoption_counts c WHERE c.adoption_id = a.id AND c.withdrawn_at IS NULL ORDER BY c.counted_on DESC, c.id DESC LIMIT 1),
  (SELECT c.patients FROM adoption_counts c WHERE c.adoption_id = a.id AND c.withdrawn_at IS NULL ORDER BY c.counted_on DESC, c.id DESC LIMIT 1),
  coalesce((SELECT group_concat(b.barrier, ' ') FROM adoption_barriers b WHERE b.adoption_id = a.id AND b.to_on = '9999-12-31'), ''),
  a.decided_by, a.illustrative, a.version, a.created_at, a.updated_at
FROM adoptions_after a WHERE indication = '' AND archived_at IS NULL;
DROP TABLE adoption_barriers;
DROP TABLE adoption_counts;
DROP TABLE adoption_spells;
DROP TABLE adoption_moves;
DROP TABLE adoptions_after;
