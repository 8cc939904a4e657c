ALTER TABLE series DROP COLUMN illustrative;
