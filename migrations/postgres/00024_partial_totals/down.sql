DROP TABLE reporting_exceptions;
ALTER TABLE kpi_targets DROP COLUMN kind;
ALTER TABLE kpis DROP COLUMN shape;
ALTER TABLE kpis DROP COLUMN complete_at_ppm;
