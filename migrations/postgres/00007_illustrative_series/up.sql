-- A series is illustrative once a submission says so. The demonstration's values said it in their comments until now.
ALTER TABLE series ADD COLUMN illustrative BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE series SET illustrative = TRUE WHERE id IN (SELECT series_id FROM kpi_values WHERE comment = 'illustrative');
