DROP INDEX kpi_submissions_unfinished;
ALTER TABLE kpi_submissions DROP COLUMN unfinished;
ALTER TABLE idempotency_keys DROP COLUMN instance;
ALTER TABLE idempotency_keys DROP COLUMN claim_id;
