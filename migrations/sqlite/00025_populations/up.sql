-- How many people places have, by day and group, and how many of them an innovation is meant for. What was wrong is marked withdrawn and
-- stays. innovation_id is empty where all people are meant, population_group where everybody is, edition where it is no deprivation.
CREATE TABLE populations (
  id BLOB NOT NULL PRIMARY KEY,
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  innovation_id BLOB NOT NULL,
  indication TEXT NOT NULL,
  kind TEXT NOT NULL,
  counted_on DATE NOT NULL,
  population_group TEXT NOT NULL,
  edition TEXT NOT NULL,
  value BIGINT NOT NULL,
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  source TEXT NOT NULL,
  illustrative BOOLEAN NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT
);
CREATE UNIQUE INDEX populations_once ON populations (organisation_id, innovation_id, indication, population_group, counted_on, kind, edition) WHERE withdrawn_at IS NULL;
CREATE INDEX populations_by_innovation ON populations (innovation_id, population_group, organisation_id, counted_on) WHERE withdrawn_at IS NULL;
CREATE INDEX populations_by_day ON populations (counted_on, id);
CREATE INDEX populations_by_update ON populations (updated_at, id);
