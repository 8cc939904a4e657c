-- A claim is made from one side, and counts once every other side it names accepted. What was there before was taken as accepted by all.
ALTER TABLE benefits ADD COLUMN claimed_from TEXT COLLATE "C" NOT NULL DEFAULT 'innovation';
ALTER TABLE benefits ADD COLUMN claimed_by_body BYTEA REFERENCES organisations (id);
ALTER TABLE benefits ADD COLUMN counted BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE benefits ADD COLUMN replaces BYTEA REFERENCES benefits (id);
UPDATE benefits SET claimed_from = CASE WHEN programme IS NOT NULL THEN 'programme' WHEN organisation_id IS NOT NULL THEN 'organisation' ELSE 'innovation' END;

CREATE TABLE benefit_sides (
  id BYTEA NOT NULL PRIMARY KEY,
  benefit_id BYTEA NOT NULL REFERENCES benefits (id),
  side TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('claimed', 'accepted', 'refused')),
  decided_by TEXT COLLATE "C",
  decided_on DATE,
  UNIQUE (benefit_id, side)
);
INSERT INTO benefit_sides (id, benefit_id, side, state, decided_by, decided_on)
SELECT uuid_send(gen_random_uuid()), id, 'innovation', 'accepted', claimed_by, created_at::date FROM benefits
UNION ALL SELECT uuid_send(gen_random_uuid()), id, 'programme', 'accepted', claimed_by, created_at::date FROM benefits WHERE programme IS NOT NULL
UNION ALL SELECT uuid_send(gen_random_uuid()), id, 'organisation', 'accepted', claimed_by, created_at::date FROM benefits WHERE organisation_id IS NOT NULL;
