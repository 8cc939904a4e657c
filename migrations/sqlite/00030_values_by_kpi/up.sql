-- One KPI's values lie together, so that its totals read them and nothing else: the key of a value begins with a small number
-- of its KPI. Code from before cannot write such values, so it no longer serves this schema.
UPDATE schema_info SET min_app_generation = 2;

ALTER TABLE kpis ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE kpis SET number = numbered.number FROM
  (SELECT id, row_number() OVER (ORDER BY created_at, id) AS number FROM kpis) AS numbered WHERE numbered.id = kpis.id;
CREATE UNIQUE INDEX kpis_by_number ON kpis (number);
ALTER TABLE series ADD COLUMN kpi_number INTEGER NOT NULL DEFAULT 0;
UPDATE series SET kpi_number = kpis.number FROM kpis WHERE kpis.id = series.kpi_id;

ALTER TABLE kpi_values RENAME TO kpi_values_before;
DROP INDEX kpi_values_by_period;
DROP INDEX kpi_values_by_submission;
CREATE TABLE kpi_values (
  kpi_number INTEGER NOT NULL,
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
  PRIMARY KEY (kpi_number, series_id, period_start)
) WITHOUT ROWID;
INSERT INTO kpi_values (kpi_number, series_id, period_start, value, numerator, denominator, qualifier, basis, comment, version, kpi_version, submission_id, updated_at)
SELECT s.kpi_number, v.series_id, v.period_start, v.value, v.numerator, v.denominator, v.qualifier, v.basis, v.comment, v.version, v.kpi_version, v.submission_id, v.updated_at
FROM kpi_values_before v JOIN series s ON s.id = v.series_id ORDER BY s.kpi_number, v.series_id, v.period_start;
DROP TABLE kpi_values_before;
CREATE INDEX kpi_values_by_period ON kpi_values (period_start, series_id);
CREATE INDEX kpi_values_by_kpi ON kpi_values (kpi_number, period_start, series_id);
CREATE INDEX kpi_values_by_submission ON kpi_values (submission_id, period_start, series_id);
