-- Savings have a class and the years they are stated for; people are counted by somebody, and some within others; what was realised is
-- a series by year, each figure with a certainty of its own. A figure in hundredths, like those of claims.
UPDATE benefits SET kind = 'admissions' WHERE kind = 'admissions-avoided';
UPDATE benefits SET kind = 'saving' WHERE kind = 'cash-saving';
ALTER TABLE benefits ADD COLUMN class TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN kept_by TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN costs TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN recurrence TEXT COLLATE "C" NOT NULL DEFAULT 'once';
ALTER TABLE benefits ADD COLUMN price_year DATE;
ALTER TABLE benefits ADD COLUMN monetises BYTEA REFERENCES benefits (id);
ALTER TABLE benefits ADD COLUMN unit_cost_minor BIGINT;
ALTER TABLE benefits ADD COLUMN unit_cost_source TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN present_value BIGINT;
ALTER TABLE benefits ADD COLUMN present_rate BIGINT;
ALTER TABLE benefits ADD COLUMN present_year DATE;
ALTER TABLE benefits ADD COLUMN counts TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN counted_by TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN depth TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN new_in_period BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE benefits ADD COLUMN counted_within BYTEA REFERENCES benefits (id);
ALTER TABLE benefits ADD COLUMN source TEXT COLLATE "C";
ALTER TABLE benefits ADD COLUMN stated_on DATE;
UPDATE benefits SET counts = 'persons' WHERE kind = 'patients-reached';
-- Cash is released only where the organisation that holds the budget has accepted the claim.
UPDATE benefits SET class = CASE WHEN counted AND organisation_id IS NOT NULL THEN 'cash-releasing' ELSE 'non-cash-releasing' END WHERE kind = 'saving';

CREATE TABLE benefit_realisations (
  id BYTEA NOT NULL PRIMARY KEY,
  benefit_id BYTEA NOT NULL REFERENCES benefits (id),
  year_on DATE NOT NULL,
  counted_to DATE NOT NULL,
  figure BIGINT NOT NULL,
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C",
  illustrative BOOLEAN NOT NULL,
  confirmed_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT COLLATE "C"
);
CREATE INDEX benefit_realisations_by_benefit ON benefit_realisations (benefit_id, year_on, counted_to);
CREATE INDEX benefit_realisations_by_day ON benefit_realisations (counted_to, id);
CREATE INDEX benefit_realisations_by_update ON benefit_realisations (updated_at, id);
-- The day to which an earlier figure was counted is not known: the end of its claim, or of the claim's first year.
INSERT INTO benefit_realisations (id, benefit_id, year_on, counted_to, figure, qualifier, basis, source, illustrative, confirmed_by, version, created_at, updated_at)
SELECT uuid_send(gen_random_uuid()), id, (date_trunc('year', from_on - interval '3 months') + interval '3 months')::date, LEAST(to_on - 1, (date_trunc('year', from_on - interval '3 months') + interval '15 months' - interval '1 day')::date), realised, qualifier, basis, 'Confirmed before realised figures had a certainty of their own.', illustrative, claimed_by, 1, updated_at, updated_at
FROM benefits WHERE realised IS NOT NULL;
ALTER TABLE benefits DROP COLUMN realised;

-- For how long after an innovation left a programme a first use is still put down to it.
ALTER TABLE programmes ADD COLUMN attribution_months INTEGER NOT NULL DEFAULT 12;
-- Whose money was raised: private, charity or public; none where nobody said.
ALTER TABLE external_investments ADD COLUMN sector TEXT COLLATE "C";

-- Counts of all adoptions are listed by day and by change.
CREATE INDEX adoption_counts_by_day ON adoption_counts (counted_on, id);
CREATE INDEX adoption_counts_by_update ON adoption_counts (updated_at, id);
