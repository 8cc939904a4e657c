-- Which instance works on a claim, and by which claim: null where an earlier version made it.
ALTER TABLE idempotency_keys ADD COLUMN claim_id BLOB;
ALTER TABLE idempotency_keys ADD COLUMN instance INTEGER;

-- Whether a submission is being written in steps, or was when the process ended.
ALTER TABLE kpi_submissions ADD COLUMN unfinished BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX kpi_submissions_unfinished ON kpi_submissions (submitted_at) WHERE unfinished;
