-- Who wrote an earlier version of what somebody else must agree to: the present author stands in the record itself. A body
-- that is not known, or does not matter, is all zeros.
CREATE TABLE former_authors (
  resource TEXT NOT NULL,
  record_id BLOB NOT NULL,
  subject TEXT NOT NULL,
  body_id BLOB NOT NULL,
  PRIMARY KEY (resource, record_id, subject, body_id)
);
-- Of those before now the trail says who, and not of which body.
INSERT INTO former_authors
SELECT DISTINCT 'benefit', benefits.id, events.subject, X'00000000000000000000000000000000'
FROM benefits JOIN events ON events.resource = 'benefit' AND events.resource_key = substr(lower(hex(benefits.id)), 1, 8) || '-' || substr(lower(hex(benefits.id)), 9, 4) || '-' || substr(lower(hex(benefits.id)), 13, 4) || '-' || substr(lower(hex(benefits.id)), 17, 4) || '-' || substr(lower(hex(benefits.id)), 21, 12)
WHERE events.operation IN ('create_benefit', 'update_benefit') AND events.subject <> benefits.claimed_by;
INSERT INTO former_authors
SELECT DISTINCT 'award', awards.id, events.subject, X'00000000000000000000000000000000'
FROM awards JOIN events ON events.resource = 'award' AND events.resource_key = substr(lower(hex(awards.id)), 1, 8) || '-' || substr(lower(hex(awards.id)), 9, 4) || '-' || substr(lower(hex(awards.id)), 13, 4) || '-' || substr(lower(hex(awards.id)), 17, 4) || '-' || substr(lower(hex(awards.id)), 21, 12)
WHERE (events.operation = 'create_award' OR (events.operation = 'update_award' AND events.data LIKE '%"terms":true%'))
  AND events.subject <> awards.proposed_by;

-- A contribution that was recorded wrongly can be taken back.
ALTER TABLE contributions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE contributions ADD COLUMN updated_at TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00';
UPDATE contributions SET updated_at = created_at;
ALTER TABLE contributions ADD COLUMN withdrawn_at TIMESTAMP;
ALTER TABLE contributions ADD COLUMN withdrawn_reason TEXT;
DROP INDEX contributions_by_recording;
DROP INDEX contributions_by_fund_recording;
DROP INDEX contributions_by_source_recording;
CREATE INDEX contributions_by_updated ON contributions (updated_at, id);
CREATE INDEX contributions_by_fund_updated ON contributions (fund_id, updated_at, id);
CREATE INDEX contributions_by_source_updated ON contributions (source, updated_at, id);
