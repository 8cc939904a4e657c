-- Approval, archives, indications, days of counts and what was withdrawn are lost.
INSERT INTO transitions (id, resource, resource_id, from_state, to_state, reason, effective_on, made_by, made_at)
SELECT id, 'adoption', adoption_id, from_stage, to_stage, reason, effective_on, made_by, made_at
FROM (SELECT m.*, lag(to_stage) OVER (PARTITION BY adoption_id ORDER BY effective_on, rank) AS from_stage FROM adoption_moves m
      WHERE withdrawn_at IS NULL AND adoption_id IN (SELECT id FROM adoptions WHERE indication = '' AND archived_at IS NULL)) moves
WHERE from_stage IS NOT NULL;
ALTER TABLE adoptions ADD COLUMN stage_on DATE;
ALTER TABLE adoptions ADD COLUMN paused_from TEXT COLLATE "C";
ALTER TABLE adoptions ADD COLUMN using_from DATE;
ALTER TABLE adoptions ADD COLUMN using_to DATE;
ALTER TABLE adoptions ADD COLUMN sites BIGINT;
ALTER TABLE adoptions ADD COLUMN users BIGINT;
ALTER TABLE adoptions ADD COLUMN patients BIGINT;
ALTER TABLE adoptions ADD COLUMN barriers TEXT COLLATE "C";
UPDATE adoptions a SET
  stage_on = coalesce((SELECT max(s.from_on) FROM adoption_spells s WHERE s.adoption_id = a.id), a.created_at::date),
  paused_from = CASE WHEN a.stage = 'paused' THEN (SELECT s.stage FROM adoption_spells s WHERE s.adoption_id = a.id AND s.stage <> 'paused' ORDER BY s.from_on DESC LIMIT 1) END,
  using_from = (SELECT min(s.from_on) FROM adoption_spells s WHERE s.adoption_id = a.id AND s.stage IN ('piloting', 'implementing', 'adopted', 'sustained')),
  using_to = coalesce((SELECT max(s.to_on) FROM adoption_spells s WHERE s.adoption_id = a.id AND s.stage IN ('piloting', 'implementing', 'adopted', 'sustained')), DATE '9999-12-31'),
  sites = (SELECT c.sites FROM adoption_counts c WHERE c.adoption_id = a.id AND c.withdrawn_at IS NULL ORDER BY c.counted_on DESC, c.id DESC LIMIT 1),
  users = (SELECT c.users FROM adoption_counts c WHERE c.adoption_id = a.id AND c.withdrawn_at IS NULL ORDER BY c.counted_on DESC, c.id DESC LIMIT 1),
  patients = (SELECT c.patients FROM adoption_counts c WHERE c.adoption_id = a.id AND c.withdrawn_at IS NULL ORDER BY c.counted_on DESC, c.id DESC LIMIT 1),
  barriers = coalesce((SELECT string_agg(b.barrier, ' ' ORDER BY b.barrier) FROM adoption_barriers b WHERE b.adoption_id = a.id AND b.to_on = DATE '9999-12-31'), '');
DROP TABLE adoption_barriers;
DROP TABLE adoption_counts;
DROP TABLE adoption_spells;
DROP TABLE adoption_moves;
DELETE FROM adoptions WHERE indication <> '' OR archived_at IS NOT NULL;
ALTER TABLE adoptions ALTER COLUMN stage_on SET NOT NULL;
ALTER TABLE adoptions ALTER COLUMN using_to SET NOT NULL;
ALTER TABLE adoptions ALTER COLUMN barriers SET NOT NULL;
ALTER TABLE adoptions DROP COLUMN indication;
ALTER TABLE adoptions DROP COLUMN covers;
ALTER TABLE adoptions DROP COLUMN confirmed_on;
ALTER TABLE adoptions DROP COLUMN evidence;
ALTER TABLE adoptions DROP COLUMN approval;
ALTER TABLE adoptions DROP COLUMN approved_by;
ALTER TABLE adoptions DROP COLUMN approved_on;
ALTER TABLE adoptions DROP COLUMN archived_at;
ALTER TABLE adoptions DROP COLUMN archived_by;
ALTER TABLE adoptions DROP COLUMN archived_why;
ALTER TABLE adoptions ADD CONSTRAINT adoptions_innovation_id_organisation_id_key UNIQUE (innovation_id, organisation_id);
CREATE INDEX adoptions_by_use ON adoptions (using_from, using_to, organisation_id);
