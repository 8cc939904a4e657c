-- Which instance works on a claim, and by which claim: null where an earlier version made it.
ALTER TABLE idempotency_keys ADD COLUMN claim_id BLOB;
ALTER TABLE idempotency_keys ADD COLUMN instance INTEGER;
