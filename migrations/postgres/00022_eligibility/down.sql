DROP TABLE eligibility;
ALTER TABLE innovations DROP COLUMN adopting_units;
