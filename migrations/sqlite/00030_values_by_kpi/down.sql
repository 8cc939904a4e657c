ALTER TABLE kpi_values RENAME TO kpi_values_after;
DROP INDEX kpi_values_by_period;
DROP INDEX kpi_values_by_kpi;
DROP INDEX kpi_values_by_submission;
CREATE TABLE kpi_values (
  series_id BIGINT NOT NULL REFERENCES series (id),
  period_start DATE NOT NULL,
  value BIGINT NOT NULL,
  numerator BIGINT,
  denominator BIGINT,
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  comment TEXT,
  version INTEGER NOT NULL,
  kpi_version INTEGER NOT NULL,
  submission_id BLOB NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  PRIMARY KEY (series_id, period_start)
);
INSERT INTO kpi_values (series_id, period_start, value, numerator, denominator, qualifier, basis, comment, version, kpi_version, submission_id, updated_at)
SELECT series_id, period_start, value, numerator, denominator, qualifier, basis, comment, version, kpi_version, submission_id, updated_at FROM kpi_values_after;
DROP TABLE kpi_values_after;
CREATE INDEX kpi_values_by_period ON kpi_values (period_start, series_id);
CREATE INDEX kpi_values_by_submission ON kpi_values (submission_id, period_start, series_id);
DROP INDEX kpis_by_number;
ALTER TABLE series DROP COLUMN kpi_number;
ALTER TABLE kpis DROP COLUMN number;
UPDATE schema_info SET min_app_generation = 1;
