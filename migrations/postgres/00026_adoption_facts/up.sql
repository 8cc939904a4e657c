-- What an adoption covers, and when its use was confirmed, hold from a day on: what is said later changes no earlier day. What was known
-- before held from the beginning.
CREATE TABLE adoption_covers (
  adoption_id BYTEA NOT NULL REFERENCES adoptions (id),
  covers TEXT COLLATE "C" NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  PRIMARY KEY (adoption_id, from_on)
);
INSERT INTO adoption_covers (adoption_id, covers, from_on, to_on)
SELECT id, covers, DATE '0001-01-01', DATE '9999-12-31' FROM adoptions WHERE covers <> '';

CREATE TABLE adoption_confirmations (
  adoption_id BYTEA NOT NULL REFERENCES adoptions (id),
  confirmed_on DATE NOT NULL,
  PRIMARY KEY (adoption_id, confirmed_on)
);
INSERT INTO adoption_confirmations (adoption_id, confirmed_on)
SELECT id, confirmed_on FROM adoptions WHERE confirmed_on IS NOT NULL;

ALTER TABLE adoptions DROP COLUMN covers;
ALTER TABLE adoptions DROP COLUMN confirmed_on;

-- What an heir takes over of adoptions waits for the day of a succession that was recorded before it.
ALTER TABLE organisation_successions ADD COLUMN taken_over BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE organisation_successions SET taken_over = (effective_on <= CURRENT_DATE);
CREATE INDEX organisation_successions_by_due ON organisation_successions (taken_over, effective_on, id);
