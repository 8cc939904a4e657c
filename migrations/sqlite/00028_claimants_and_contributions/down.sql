DROP INDEX contributions_by_source_updated;
DROP INDEX contributions_by_fund_updated;
DROP INDEX contributions_by_updated;
CREATE INDEX contributions_by_recording ON contributions (created_at, id);
CREATE INDEX contributions_by_fund_recording ON contributions (fund_id, created_at, id);
CREATE INDEX contributions_by_source_recording ON contributions (source, created_at, id);
-- Of those that were taken back nothing can be said; the books leave them out already.
DELETE FROM contributions WHERE withdrawn_at IS NOT NULL;
ALTER TABLE contributions DROP COLUMN withdrawn_reason;
ALTER TABLE contributions DROP COLUMN withdrawn_at;
ALTER TABLE contributions DROP COLUMN updated_at;
ALTER TABLE contributions DROP COLUMN version;
DROP TABLE former_authors;
