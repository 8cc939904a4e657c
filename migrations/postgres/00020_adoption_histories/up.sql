-- An adoption's stages on days are made of its moves, of which the first stage is one; what it counted and what stood in its way are
-- dated too. What was wrong is marked withdrawn and stays.
ALTER TABLE adoptions DROP CONSTRAINT adoptions_innovation_id_organisation_id_key;
ALTER TABLE adoptions ADD COLUMN indication TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE adoptions ADD COLUMN covers TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE adoptions ADD COLUMN confirmed_on DATE;
ALTER TABLE adoptions ADD COLUMN evidence TEXT COLLATE "C";
ALTER TABLE adoptions ADD COLUMN approval TEXT COLLATE "C" NOT NULL DEFAULT 'approved' CHECK (approval IN ('proposed', 'approved', 'refused'));
ALTER TABLE adoptions ADD COLUMN approved_by TEXT COLLATE "C";
ALTER TABLE adoptions ADD COLUMN approved_on DATE;
ALTER TABLE adoptions ADD COLUMN archived_at TIMESTAMP;
ALTER TABLE adoptions ADD COLUMN archived_by TEXT COLLATE "C";
ALTER TABLE adoptions ADD COLUMN archived_why TEXT COLLATE "C";
CREATE UNIQUE INDEX adoptions_once ON adoptions (innovation_id, indication, organisation_id) WHERE archived_at IS NULL;
CREATE INDEX adoptions_by_indication ON adoptions (indication, updated_at, id);
CREATE INDEX adoptions_by_approval ON adoptions (approval, updated_at, id);
DROP INDEX adoptions_by_use;

CREATE TABLE adoption_moves (
  id BYTEA NOT NULL PRIMARY KEY,
  adoption_id BYTEA NOT NULL REFERENCES adoptions (id),
  effective_on DATE NOT NULL,
  rank INTEGER NOT NULL,
  to_stage TEXT COLLATE "C" NOT NULL CHECK (to_stage IN ('identified', 'engaged', 'committed', 'piloting', 'implementing', 'adopted', 'sustained', 'declined', 'paused', 'decommissioned', 'superseded')),
  reason TEXT COLLATE "C",
  made_by TEXT COLLATE "C" NOT NULL,
  made_at TIMESTAMP NOT NULL,
  withdrawn_by TEXT COLLATE "C",
  withdrawn_at TIMESTAMP,
  withdrawn_why TEXT COLLATE "C",
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX adoption_moves_by_adoption ON adoption_moves (adoption_id, effective_on, rank);

-- The stage held on each day, of adoptions that count: made of the moves, and asked for every question about a day.
CREATE TABLE adoption_spells (
  adoption_id BYTEA NOT NULL REFERENCES adoptions (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  stage TEXT COLLATE "C" NOT NULL,
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  indication TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (adoption_id, from_on)
);
CREATE INDEX adoption_spells_by_innovation ON adoption_spells (innovation_id, stage, from_on, to_on);
CREATE INDEX adoption_spells_by_organisation ON adoption_spells (organisation_id, stage, from_on, to_on);
CREATE INDEX adoption_spells_by_stage ON adoption_spells (stage, from_on, to_on);

CREATE TABLE adoption_counts (
  id BYTEA NOT NULL PRIMARY KEY,
  adoption_id BYTEA NOT NULL REFERENCES adoptions (id),
  counted_on DATE NOT NULL,
  sites BIGINT,
  sites_qualifier TEXT COLLATE "C",
  sites_basis TEXT COLLATE "C",
  users BIGINT,
  users_qualifier TEXT COLLATE "C",
  users_basis TEXT COLLATE "C",
  patients BIGINT,
  patients_qualifier TEXT COLLATE "C",
  patients_basis TEXT COLLATE "C",
  made_by TEXT COLLATE "C" NOT NULL,
  made_at TIMESTAMP NOT NULL,
  withdrawn_by TEXT COLLATE "C",
  withdrawn_at TIMESTAMP,
  withdrawn_why TEXT COLLATE "C",
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX adoption_counts_by_adoption ON adoption_counts (adoption_id, counted_on, id);

CREATE TABLE adoption_barriers (
  adoption_id BYTEA NOT NULL REFERENCES adoptions (id),
  barrier TEXT COLLATE "C" NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  PRIMARY KEY (adoption_id, barrier, from_on)
);
CREATE INDEX adoption_barriers_by_barrier ON adoption_barriers (barrier, from_on, to_on);

-- A first stage is dated by the trail; where that has forgotten, by the day of the only stage there was, or the first day of use where it
-- was use; else by the day of the record or of the first move, whichever came first: it held by then, and for how long is not known.
INSERT INTO adoption_moves (id, adoption_id, effective_on, rank, to_stage, reason, made_by, made_at, updated_at)
SELECT uuid_send(gen_random_uuid()), a.id,
  CASE WHEN e.since IS NOT NULL THEN e.since::date
       WHEN m.from_state IS NULL THEN a.stage_on
       WHEN m.from_state IN ('piloting', 'implementing', 'adopted', 'sustained') AND a.using_from IS NOT NULL THEN a.using_from
       WHEN a.created_at::date < m.effective_on THEN a.created_at::date ELSE m.effective_on END,
  1, coalesce(m.from_state, a.stage), NULL, coalesce(e.subject, 'not known'), a.created_at, a.created_at
FROM adoptions a
LEFT JOIN (SELECT resource_id, from_state, effective_on, row_number() OVER (PARTITION BY resource_id ORDER BY made_at, id) AS number
           FROM transitions WHERE resource = 'adoption') m ON m.resource_id = a.id AND m.number = 1
LEFT JOIN (SELECT decode(replace(resource_key, '-', ''), 'hex') AS adoption_id, subject, CASE WHEN data LIKE '{%' THEN data::json ->> 'since' END AS since,
                  row_number() OVER (PARTITION BY resource_key ORDER BY occurred_at, id) AS number
           FROM events WHERE resource = 'adoption' AND operation = 'create_adoption') e ON e.adoption_id = a.id AND e.number = 1;
INSERT INTO adoption_moves (id, adoption_id, effective_on, rank, to_stage, reason, made_by, made_at, updated_at)
SELECT id, resource_id, effective_on, 1 + row_number() OVER (PARTITION BY resource_id ORDER BY made_at, id), to_state, reason, made_by, made_at, made_at
FROM transitions WHERE resource = 'adoption';
DELETE FROM transitions WHERE resource = 'adoption';

INSERT INTO adoption_spells (adoption_id, from_on, to_on, stage, innovation_id, organisation_id, indication)
SELECT m.adoption_id, m.effective_on, lead(m.effective_on, 1, DATE '9999-12-31') OVER (PARTITION BY m.adoption_id ORDER BY m.effective_on),
  m.to_stage, a.innovation_id, a.organisation_id, a.indication
FROM (SELECT adoption_id, effective_on, to_stage, row_number() OVER (PARTITION BY adoption_id, effective_on ORDER BY rank DESC) AS number
      FROM adoption_moves) m
JOIN adoptions a ON a.id = m.adoption_id WHERE m.number = 1;

-- When these were counted, and since when the barriers stood, was not asked: they held when the record was last changed.
INSERT INTO adoption_counts (id, adoption_id, counted_on, sites, sites_qualifier, sites_basis, users, users_qualifier, users_basis,
  patients, patients_qualifier, patients_basis, made_by, made_at, updated_at)
SELECT uuid_send(gen_random_uuid()), id, updated_at::date, sites, CASE WHEN sites IS NOT NULL THEN 'exact' END, CASE WHEN sites IS NOT NULL THEN 'measured' END,
  users, CASE WHEN users IS NOT NULL THEN 'exact' END, CASE WHEN users IS NOT NULL THEN 'measured' END,
  patients, CASE WHEN patients IS NOT NULL THEN 'exact' END, CASE WHEN patients IS NOT NULL THEN 'measured' END,
  'not known', updated_at, updated_at
FROM adoptions WHERE coalesce(sites, users, patients) IS NOT NULL;
INSERT INTO adoption_barriers (adoption_id, barrier, from_on, to_on)
SELECT a.id, w.word, a.updated_at::date, DATE '9999-12-31' FROM adoptions a
JOIN (SELECT 'evidence-clarity' AS word UNION ALL SELECT 'evolving-regulation' UNION ALL SELECT 'slow-procurement'
      UNION ALL SELECT 'partial-interoperability' UNION ALL SELECT 'data-security-standards' UNION ALL SELECT 'change-management-skills') w
  ON ' ' || a.barriers || ' ' LIKE '% ' || w.word || ' %';
ALTER TABLE adoptions DROP COLUMN stage_on;
ALTER TABLE adoptions DROP COLUMN paused_from;
ALTER TABLE adoptions DROP COLUMN using_from;
ALTER TABLE adoptions DROP COLUMN using_to;
ALTER TABLE adoptions DROP COLUMN sites;
ALTER TABLE adoptions DROP COLUMN users;
ALTER TABLE adoptions DROP COLUMN patients;
ALTER TABLE adoptions DROP COLUMN barriers;
