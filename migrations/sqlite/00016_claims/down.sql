DROP TABLE benefit_sides;
ALTER TABLE benefits DROP COLUMN replaces;
ALTER TABLE benefits DROP COLUMN counted;
ALTER TABLE benefits DROP COLUMN claimed_by_body;
ALTER TABLE benefits DROP COLUMN claimed_from;
