ALTER TABLE kpi_submissions DROP COLUMN forced_reason;
DROP TABLE lock_exceptions;
DROP TABLE kpi_value_drafts;
DROP TABLE kpi_returns;
CREATE TABLE kpi_set_organisations (
  set_id BYTEA NOT NULL REFERENCES kpi_sets (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  PRIMARY KEY (set_id, organisation_id)
);
INSERT INTO kpi_set_organisations (set_id, organisation_id) SELECT DISTINCT set_id, place_id FROM kpi_set_assignments;
DROP TABLE kpi_set_assignments;
