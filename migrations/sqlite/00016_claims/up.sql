-- A claim is made from one side, and counts once every other side it names accepted. What was there before was taken as accepted by all.
ALTER TABLE benefits ADD COLUMN claimed_from TEXT NOT NULL DEFAULT 'innovation';
ALTER TABLE benefits ADD COLUMN claimed_by_body BLOB REFERENCES organisations (id);
ALTER TABLE benefits ADD COLUMN counted BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE benefits ADD COLUMN replaces BLOB REFERENCES benefits (id);
UPDATE benefits SET claimed_from = CASE WHEN programme IS NOT NULL THEN 'programme' WHEN organisation_id IS NOT NULL THEN 'organisation' ELSE 'innovation' END;

CREATE TABLE benefit_sides (
  id BLOB NOT NULL PRIMARY KEY,
  benefit_id BLOB NOT NULL REFERENCES benefits (id),
  side TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('claimed', 'accepted', 'refused')),
  decided_by TEXT,
  decided_on DATE,
  UNIQUE (benefit_id, side)
);
INSERT INTO benefit_sides (id, benefit_id, side, state, decided_by, decided_on)
SELECT randomblob(16), id, 'innovation', 'accepted', claimed_by, date(created_at) FROM benefits
UNION ALL SELECT randomblob(16), id, 'programme', 'accepted', claimed_by, date(created_at) FROM benefits WHERE programme IS NOT NULL
UNION ALL SELECT randomblob(16), id, 'organisation', 'accepted', claimed_by, date(created_at) FROM benefits WHERE organisation_id IS NOT NULL;
