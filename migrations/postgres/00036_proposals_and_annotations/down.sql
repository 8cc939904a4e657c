DROP TABLE annotations;
DELETE FROM spc_acts WHERE state <> 'accepted';
ALTER TABLE spc_acts DROP COLUMN evidence;
ALTER TABLE spc_acts DROP COLUMN recalculation_kind;
ALTER TABLE spc_acts DROP COLUMN state;
