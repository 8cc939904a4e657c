-- What type of organisation takes an innovation into use, by indication, and which organisations it is meant for on which days:
-- one by one, or all of a type below a place. What was wrong is marked withdrawn and stays.
ALTER TABLE innovations ADD COLUMN adopting_units TEXT NOT NULL DEFAULT '[]';

CREATE TABLE eligibility (
  id BLOB NOT NULL PRIMARY KEY,
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  indication TEXT NOT NULL,
  organisation_id BLOB REFERENCES organisations (id),
  place_id BLOB REFERENCES organisations (id),
  kind TEXT,
  eligible BOOLEAN NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  source TEXT,
  illustrative BOOLEAN NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT
);
CREATE INDEX eligibility_by_innovation ON eligibility (innovation_id, from_on, id);
CREATE INDEX eligibility_by_update ON eligibility (innovation_id, updated_at, id);
CREATE INDEX eligibility_by_organisation ON eligibility (organisation_id, to_on);
