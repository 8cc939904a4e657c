-- How many people places have, by day and group, and how many of them an innovation is meant for. What was wrong is marked withdrawn and
-- stays. innovation_id is empty where all people are meant, population_group where everybody is, edition where it is no deprivation.
CREATE TABLE populations (
  id BYTEA NOT NULL PRIMARY KEY,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  innovation_id BYTEA NOT NULL,
  indication TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  counted_on DATE NOT NULL,
  population_group TEXT COLLATE "C" NOT NULL,
  edition TEXT COLLATE "C" NOT NULL,
  value BIGINT NOT NULL,
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL,
  illustrative BOOLEAN NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT COLLATE "C"
);
CREATE UNIQUE INDEX populations_once ON populations (organisation_id, innovation_id, indication, population_group, counted_on, kind, edition) WHERE withdrawn_at IS NULL;
CREATE INDEX populations_by_innovation ON populations (innovation_id, population_group, organisation_id, counted_on) WHERE withdrawn_at IS NULL;
CREATE INDEX populations_by_day ON populations (counted_on, id);
CREATE INDEX populations_by_update ON populations (updated_at, id);
