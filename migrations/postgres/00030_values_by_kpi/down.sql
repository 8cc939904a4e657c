ALTER TABLE kpi_values RENAME TO kpi_values_after;
CREATE TABLE kpi_values (
  series_id BIGINT NOT NULL REFERENCES series (id),
  period_start DATE NOT NULL,
  value BIGINT NOT NULL,
  numerator BIGINT,
  denominator BIGINT,
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  comment TEXT COLLATE "C",
  version INTEGER NOT NULL,
  kpi_version INTEGER NOT NULL,
  submission_id BYTEA NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
INSERT INTO kpi_values (series_id, period_start, value, numerator, denominator, qualifier, basis, comment, version, kpi_version, submission_id, updated_at)
SELECT series_id, period_start, value, numerator, denominator, qualifier, basis, comment, version, kpi_version, submission_id, updated_at FROM kpi_values_after;
DROP TABLE kpi_values_after;
ALTER TABLE kpi_values ADD PRIMARY KEY (series_id, period_start);
CREATE INDEX kpi_values_by_period ON kpi_values (period_start, series_id);
CREATE INDEX kpi_values_by_submission ON kpi_values (submission_id, period_start, series_id);
DROP INDEX kpis_by_number;
ALTER TABLE series DROP COLUMN kpi_number;
ALTER TABLE kpis DROP COLUMN number;
UPDATE schema_info SET min_app_generation = 1;
