DROP TABLE kpi_value_flags;
ALTER TABLE kpi_versions DROP COLUMN change_note;
ALTER TABLE kpis DROP COLUMN validation_rules;
ALTER TABLE kpis DROP COLUMN superseded_by;
ALTER TABLE kpis DROP COLUMN agreed_on;
ALTER TABLE kpis DROP COLUMN agreed_by;
ALTER TABLE kpis DROP COLUMN may_exceed;
