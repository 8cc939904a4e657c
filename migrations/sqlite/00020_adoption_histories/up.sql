-- An adoption's stages on days are made of its moves, of which the first stage is one; what it counted and what stood in its way are
-- dated too. What was wrong is marked withdrawn and stays.
ALTER TABLE adoptions RENAME TO adoptions_before;
DROP INDEX adoptions_by_updated;
DROP INDEX adoptions_by_stage;
DROP INDEX adoptions_by_organisation;
DROP INDEX adoptions_by_use;
CREATE TABLE adoptions (
  id BLOB NOT NULL PRIMARY KEY,
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  indication TEXT NOT NULL DEFAULT '',
  stage TEXT NOT NULL CHECK (stage IN ('identified', 'engaged', 'committed', 'piloting', 'implementing', 'adopted', 'sustained', 'declined', 'paused', 'decommissioned', 'superseded')),
  decided_by TEXT,
  covers TEXT NOT NULL DEFAULT '',
  confirmed_on DATE,
  evidence TEXT,
  approval TEXT NOT NULL DEFAULT 'approved' CHECK (approval IN ('proposed', 'approved', 'refused')),
  approved_by TEXT,
  approved_on DATE,
  illustrative BOOLEAN NOT NULL,
  archived_at TIMESTAMP,
  archived_by TEXT,
  archived_why TEXT,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX adoptions_once ON adoptions (innovation_id, indication, organisation_id) WHERE archived_at IS NULL;
CREATE INDEX adoptions_by_updated ON adoptions (updated_at, id);
CREATE INDEX adoptions_by_stage ON adoptions (stage, updated_at, id);
CREATE INDEX adoptions_by_organisation ON adoptions (organisation_id, updated_at, id);
CREATE INDEX adoptions_by_indication ON adoptions (indication, updated_at, id);
CREATE INDEX adoptions_by_approval ON adoptions (approval, updated_at, id);
INSERT INTO adoptions (id, innovation_id, organisation_id, stage, decided_by, illustrative, version, created_at, updated_at)
SELECT id, innovation_id, organisation_id, stage, decided_by, illustrative, version, created_at, updated_at FROM adoptions_before;

CREATE TABLE adoption_moves (
  id BLOB NOT NULL PRIMARY KEY,
  adoption_id BLOB NOT NULL REFERENCES adoptions (id),
  effective_on DATE NOT NULL,
  rank INTEGER NOT NULL,
  to_stage TEXT NOT NULL CHECK (to_stage IN ('identified', 'engaged', 'committed', 'piloting', 'implementing', 'adopted', 'sustained', 'declined', 'paused', 'decommissioned', 'superseded')),
  reason TEXT,
  made_by TEXT NOT NULL,
  made_at TIMESTAMP NOT NULL,
  withdrawn_by TEXT,
  withdrawn_at TIMESTAMP,
  withdrawn_why TEXT,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX adoption_moves_by_adoption ON adoption_moves (adoption_id, effective_on, rank);

-- The stage held on each day, of adoptions that count: made of the moves, and asked for every question about a day.
CREATE TABLE adoption_spells (
  adoption_id BLOB NOT NULL REFERENCES adoptions (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  stage TEXT NOT NULL,
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  indication TEXT NOT NULL,
  PRIMARY KEY (adoption_id, from_on)
);
CREATE INDEX adoption_spells_by_innovation ON adoption_spells (innovation_id, stage, from_on, to_on);
CREATE INDEX adoption_spells_by_organisation ON adoption_spells (organisation_id, stage, from_on, to_on);
CREATE INDEX adoption_spells_by_stage ON adoption_spells (stage, from_on, to_on);

CREATE TABLE adoption_counts (
  id BLOB NOT NULL PRIMARY KEY,
  adoption_id BLOB NOT NULL REFERENCES adoptions (id),
  counted_on DATE NOT NULL,
  sites BIGINT,
  sites_qualifier TEXT,
  sites_basis TEXT,
  users BIGINT,
  users_qualifier TEXT,
  users_basis TEXT,
  patients BIGINT,
  patients_qualifier TEXT,
  patients_basis TEXT,
  made_by TEXT NOT NULL,
  made_at TIMESTAMP NOT NULL,
  withdrawn_by TEXT,
  withdrawn_at TIMESTAMP,
  withdrawn_why TEXT,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX adoption_counts_by_adoption ON adoption_counts (adoption_id, counted_on, id);

CREATE TABLE adoption_barriers (
  adoption_id BLOB NOT NULL REFERENCES adoptions (id),
  barrier TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  PRIMARY KEY (adoption_id, barrier, from_on)
);
CREATE INDEX adoption_barriers_by_barrier ON adoption_barriers (barrier, from_on, to_on);

-- A first stage is dated by the trail; where that has forgotten, by the day of the only stage there was, or the first day of use where it
-- was use; else by the day of the record or of the first move, whichever came first: it held by then, and for how long is not known.
INSERT INTO adoption_moves (id, adoption_id, effective_on, rank, to_stage, reason, made_by, made_at, updated_at)
SELECT randomblob(16), a.id,
  CASE WHEN e.since IS NOT NULL THEN e.since
       WHEN m.from_state IS NULL THEN a.stage_on
       WHEN m.from_state IN ('piloting', 'implementing', 'adopted', 'sustained') AND a.using_from IS NOT NULL THEN a.using_from
       WHEN date(a.created_at) < m.effective_on THEN date(a.created_at) ELSE m.effective_on END,
  1, coalesce(m.from_state, a.stage), NULL, coalesce(e.subject, 'not known'), a.created_at, a.created_at
FROM adoptions_before a
LEFT JOIN (SELECT resource_id, from_state, effective_on, row_number() OVER (PARTITION BY resource_id ORDER BY made_at, id) AS number
           FROM transitions WHERE resource = 'adoption') m ON m.resource_id = a.id AND m.number = 1
LEFT JOIN (SELECT unhex(replace(resource_key, '-', '')) AS adoption_id, subject, CASE WHEN data LIKE '{%' THEN json_extract(data, '$.since') END AS since,
                  row_number() OVER (PARTITION BY resource_key ORDER BY occurred_at, id) AS number
           FROM events WHERE resource = 'adoption' AND operation = 'create_adoption') e ON e.adoption_id = a.id AND e.number = 1;
INSERT INTO adoption_moves (id, adoption_id, effective_on, rank, to_stage, reason, made_by, made_at, updated_at)
SELECT id, resource_id, effective_on, 1 + row_number() OVER (PARTITION BY resource_id ORDER BY made_at, id), to_state, reason, made_by, made_at, made_at
FROM transitions WHERE resource = 'adoption';
DELETE FROM transitions WHERE resource = 'adoption';

INSERT INTO adoption_spells (adoption_id, from_on, to_on, stage, innovation_id, organisation_id, indication)
SELECT m.adoption_id, m.effective_on, lead(m.effective_on, 1, '9999-12-31') OVER (PARTITION BY m.adoption_id ORDER BY m.effective_on),
  m.to_stage, a.innovation_id, a.organisation_id, a.indication
FROM (SELECT adoption_id, effective_on, to_stage, row_number() OVER (PARTITION BY adoption_id, effective_on ORDER BY rank DESC) AS number
      FROM adoption_moves) m
JOIN adoptions a ON a.id = m.adoption_id WHERE m.number = 1;

-- When these were counted, and since when the barriers stood, was not asked: they held when the record was last changed.
INSERT INTO adoption_counts (id, adoption_id, counted_on, sites, sites_qualifier, sites_basis, users, users_qualifier, users_basis,
  patients, patients_qualifier, patients_basis, made_by, made_at, updated_at)
SELECT randomblob(16), id, date(updated_at), sites, CASE WHEN sites IS NOT NULL THEN 'exact' END, CASE WHEN sites IS NOT NULL THEN 'measured' END,
  users, CASE WHEN users IS NOT NULL THEN 'exact' END, CASE WHEN users IS NOT NULL THEN 'measured' END,
  patients, CASE WHEN patients IS NOT NULL THEN 'exact' END, CASE WHEN patients IS NOT NULL THEN 'measured' END,
  'not known', updated_at, updated_at
FROM adoptions_before WHERE coalesce(sites, users, patients) IS NOT NULL;
INSERT INTO adoption_barriers (adoption_id, barrier, from_on, to_on)
SELECT a.id, w.word, date(a.updated_at), '9999-12-31' FROM adoptions_before a
JOIN (SELECT 'evidence-clarity' AS word UNION ALL SELECT 'evolving-regulation' UNION ALL SELECT 'slow-procurement'
      UNION ALL SELECT 'partial-interoperability' UNION ALL SELECT 'data-security-standards' UNION ALL SELECT 'change-management-skills') w
  ON ' ' || a.barriers || ' ' LIKE '% ' || w.word || ' %';
DROP TABLE adoptions_before;
