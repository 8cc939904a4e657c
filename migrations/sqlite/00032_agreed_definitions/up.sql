-- Whether a share may exceed its whole. What had a greatest value above the whole said so already.
ALTER TABLE kpis ADD COLUMN may_exceed BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE kpis SET may_exceed = TRUE
  WHERE value_type IN ('ratio', 'percentage')
    AND max_value > CASE value_type WHEN 'ratio' THEN 1 ELSE 100 END * CAST(substr('1000000', 1, decimals + 1) AS BIGINT);
-- Who agreed a definition, and when; unknown of what was live before. What took the place of a superseded one; what changed
-- in a version of the definition, and why.
ALTER TABLE kpis ADD COLUMN agreed_by TEXT;
ALTER TABLE kpis ADD COLUMN agreed_on DATE;
ALTER TABLE kpis ADD COLUMN superseded_by TEXT;
-- What values should be to those of other KPIs.
ALTER TABLE kpis ADD COLUMN validation_rules TEXT NOT NULL DEFAULT '[]';
ALTER TABLE kpi_versions ADD COLUMN change_note TEXT;

-- What was doubtful of values when they were sent, until somebody justifies it or another value takes their place.
CREATE TABLE kpi_value_flags (
  id BLOB NOT NULL PRIMARY KEY,
  series_id BIGINT NOT NULL REFERENCES series (id),
  period_start DATE NOT NULL,
  kpi_id BLOB NOT NULL REFERENCES kpis (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  innovation_id BLOB NOT NULL,
  breakdown TEXT NOT NULL,
  code TEXT NOT NULL,
  detail TEXT NOT NULL,
  status TEXT NOT NULL,
  justification TEXT,
  justified_by TEXT,
  submission_id BLOB NOT NULL,
  version INTEGER NOT NULL,
  raised_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX kpi_value_flags_by_value ON kpi_value_flags (series_id, period_start);
CREATE INDEX kpi_value_flags_by_kpi ON kpi_value_flags (kpi_id, organisation_id, raised_at);
CREATE INDEX kpi_value_flags_by_organisation ON kpi_value_flags (organisation_id, raised_at);
CREATE INDEX kpi_value_flags_by_raised ON kpi_value_flags (raised_at, id);
CREATE INDEX kpi_value_flags_by_update ON kpi_value_flags (updated_at, id);
