-- One live row an innovation and organisation; its moves are in transitions. using_from and using_to are the days of use, stage_on when the present stage began.
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

-- baseline, claimed and realised are scaled by one hundred, so that money and halves of days are exact.
CREATE TABLE benefits (
  id BLOB NOT NULL PRIMARY KEY,
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  programme TEXT REFERENCES programmes (slug),
  organisation_id BLOB REFERENCES organisations (id),
  kind TEXT NOT NULL,
  unit TEXT NOT NULL,
  method TEXT NOT NULL,
  population TEXT NOT NULL,
  baseline BIGINT,
  claimed BIGINT NOT NULL,
  realised BIGINT,
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  claimed_by TEXT NOT NULL,
  illustrative BOOLEAN NOT NULL,
  archived_at TIMESTAMP,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX benefits_by_start ON benefits (from_on, id);
CREATE INDEX benefits_by_updated ON benefits (updated_at, id);
CREATE INDEX benefits_by_programme ON benefits (programme, kind, from_on, id);
CREATE INDEX benefits_by_innovation ON benefits (innovation_id, from_on, id);
CREATE INDEX benefits_by_organisation ON benefits (organisation_id, from_on, id);
CREATE INDEX benefits_by_kind ON benefits (kind, from_on, id);
CREATE INDEX benefits_by_population ON benefits (population, from_on, id);
