-- One live row an innovation and organisation; its moves are in transitions. using_from and using_to are the days of use, stage_on when the present stage began.
CREATE TABLE adoptions (
  id BYTEA NOT NULL PRIMARY KEY,
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  stage TEXT COLLATE "C" NOT NULL CHECK (stage IN ('identified', 'engaged', 'committed', 'piloting', 'implementing', 'adopted', 'sustained', 'declined', 'paused', 'decommissioned', 'superseded')),
  stage_on DATE NOT NULL,
  paused_from TEXT COLLATE "C",
  using_from DATE,
  using_to DATE NOT NULL,
  sites BIGINT,
  users BIGINT,
  patients BIGINT,
  decided_by TEXT COLLATE "C",
  barriers TEXT COLLATE "C" NOT NULL,
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
  id BYTEA NOT NULL PRIMARY KEY,
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  programme TEXT COLLATE "C" REFERENCES programmes (slug),
  organisation_id BYTEA REFERENCES organisations (id),
  kind TEXT COLLATE "C" NOT NULL,
  unit TEXT COLLATE "C" NOT NULL,
  method TEXT COLLATE "C" NOT NULL,
  population TEXT COLLATE "C" NOT NULL,
  baseline BIGINT,
  claimed BIGINT NOT NULL,
  realised BIGINT,
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  claimed_by TEXT COLLATE "C" NOT NULL,
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
