ALTER TABLE organisation_closure DROP COLUMN illustrative;
