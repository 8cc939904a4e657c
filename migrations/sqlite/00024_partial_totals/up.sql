-- What a KPI says of its totals: from which share of what is expected on a total counts, in millionths, and the shape of its
-- series. A target may be a trajectory, which is drawn and judges nothing. Where a series is not expected, a dated act says so;
-- what was wrong is marked withdrawn and stays.
ALTER TABLE kpis ADD COLUMN complete_at_ppm INTEGER;
ALTER TABLE kpis ADD COLUMN shape TEXT NOT NULL DEFAULT 'period';
ALTER TABLE kpi_targets ADD COLUMN kind TEXT NOT NULL DEFAULT 'target';

CREATE TABLE reporting_exceptions (
  id BLOB NOT NULL PRIMARY KEY,
  kpi_id BLOB NOT NULL REFERENCES kpis (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  innovation_id BLOB NOT NULL,
  breakdown TEXT NOT NULL,
  kind TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT
);
CREATE INDEX reporting_exceptions_by_kpi ON reporting_exceptions (kpi_id, organisation_id, from_on);
CREATE INDEX reporting_exceptions_by_from ON reporting_exceptions (from_on, id);
CREATE INDEX reporting_exceptions_by_update ON reporting_exceptions (updated_at, id);
