-- What held before the present is lost.
ALTER TABLE adoptions ADD COLUMN covers TEXT NOT NULL DEFAULT '';
ALTER TABLE adoptions ADD COLUMN confirmed_on DATE;
UPDATE adoptions SET covers = coalesce((SELECT covers FROM adoption_covers c WHERE c.adoption_id = adoptions.id AND to_on = '9999-12-31'), '');
UPDATE adoptions SET confirmed_on = (SELECT max(confirmed_on) FROM adoption_confirmations c WHERE c.adoption_id = adoptions.id);
DROP TABLE adoption_confirmations;
DROP TABLE adoption_covers;
DROP INDEX organisation_successions_by_due;
ALTER TABLE organisation_successions DROP COLUMN taken_over;
