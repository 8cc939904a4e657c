-- A recalculation says of what kind it is and what shows that, and acts once it is accepted. Those that are there were made by
-- who may make them.
ALTER TABLE spc_acts ADD COLUMN state TEXT COLLATE "C" NOT NULL DEFAULT 'accepted' CHECK (state IN ('proposed', 'accepted', 'refused'));
ALTER TABLE spc_acts ADD COLUMN recalculation_kind TEXT COLLATE "C";
ALTER TABLE spc_acts ADD COLUMN evidence TEXT COLLATE "C";
UPDATE spc_acts SET recalculation_kind = 'review' WHERE kind = 'recalculation';

-- What is to be known of a point of a series: the organisation's own, or the total of a place.
CREATE TABLE annotations (
  id BYTEA NOT NULL PRIMARY KEY,
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  innovation_id BYTEA NOT NULL,
  breakdown TEXT COLLATE "C" NOT NULL,
  period_start DATE NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT COLLATE "C"
);
CREATE INDEX annotations_by_kpi ON annotations (kpi_id, organisation_id, period_start, id);
CREATE INDEX annotations_by_organisation ON annotations (organisation_id, period_start, id);
CREATE INDEX annotations_by_period ON annotations (period_start, id);
CREATE INDEX annotations_by_updated ON annotations (updated_at, id);
