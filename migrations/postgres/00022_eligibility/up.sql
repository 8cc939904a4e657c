-- What type of organisation takes an innovation into use, by indication, and which organisations it is meant for on which days:
-- one by one, or all of a type below a place. What was wrong is marked withdrawn and stays.
ALTER TABLE innovations ADD COLUMN adopting_units TEXT COLLATE "C" NOT NULL DEFAULT '[]';

CREATE TABLE eligibility (
  id BYTEA NOT NULL PRIMARY KEY,
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  indication TEXT COLLATE "C" NOT NULL,
  organisation_id BYTEA REFERENCES organisations (id),
  place_id BYTEA REFERENCES organisations (id),
  kind TEXT COLLATE "C",
  eligible BOOLEAN NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  source TEXT COLLATE "C",
  illustrative BOOLEAN NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT COLLATE "C"
);
CREATE INDEX eligibility_by_innovation ON eligibility (innovation_id, from_on, id);
CREATE INDEX eligibility_by_update ON eligibility (innovation_id, updated_at, id);
CREATE INDEX eligibility_by_organisation ON eligibility (organisation_id, to_on);
