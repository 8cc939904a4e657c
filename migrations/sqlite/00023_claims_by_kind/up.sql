-- Savings have a class and the years they are stated for; people are counted by somebody, and some within others; what was realised is
-- a series by year, each figure with a certainty of its own. A figure in hundredths, like those of claims.
UPDATE benefits SET kind = 'admissions' WHERE kind = 'admissions-avoided';
UPDATE benefits SET kind = 'saving' WHERE kind = 'cash-saving';
ALTER TABLE benefits ADD COLUMN class TEXT;
ALTER TABLE benefits ADD COLUMN kept_by TEXT;
ALTER TABLE benefits ADD COLUMN costs TEXT;
ALTER TABLE benefits ADD COLUMN recurrence TEXT NOT NULL DEFAULT 'once';
ALTER TABLE benefits ADD COLUMN price_year DATE;
ALTER TABLE benefits ADD COLUMN monetises BLOB REFERENCES benefits (id);
ALTER TABLE benefits ADD COLUMN unit_cost_minor BIGINT;
ALTER TABLE benefits ADD COLUMN unit_cost_source TEXT;
ALTER TABLE benefits ADD COLUMN present_value BIGINT;
ALTER TABLE benefits ADD COLUMN present_rate BIGINT;
ALTER TABLE benefits ADD COLUMN present_year DATE;
ALTER TABLE benefits ADD COLUMN counts TEXT;
ALTER TABLE benefits ADD COLUMN counted_by TEXT;
ALTER TABLE benefits ADD COLUMN depth TEXT;
ALTER TABLE benefits ADD COLUMN new_in_period BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE benefits ADD COLUMN counted_within BLOB REFERENCES benefits (id);
ALTER TABLE benefits ADD COLUMN source TEXT;
ALTER TABLE benefits ADD COLUMN stated_on DATE;
UPDATE benefits SET counts = 'persons' WHERE kind = 'patients-reached';
-- Cash is released only where the organisation that holds the budget has accepted the claim.
UPDATE benefits SET class = CASE WHEN counted AND organisation_id IS NOT NULL THEN 'cash-releasing' ELSE 'non-cash-releasing' END WHERE kind = 'saving';

CREATE TABLE benefit_realisations (
  id BLOB NOT NULL PRIMARY KEY,
  benefit_id BLOB NOT NULL REFERENCES benefits (id),
  year_on DATE NOT NULL,
  counted_to DATE NOT NULL,
  figure BIGINT NOT NULL,
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  source TEXT,
  illustrative BOOLEAN NOT NULL,
  confirmed_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT
);
CREATE INDEX benefit_realisations_by_benefit ON benefit_realisations (benefit_id, year_on, counted_to);
CREATE INDEX benefit_realisations_by_day ON benefit_realisations (counted_to, id);
CREATE INDEX benefit_realisations_by_update ON benefit_realisations (updated_at, id);
-- The day to which an earlier figure was counted is not known: the end of its claim, or of the claim's first year.
INSERT INTO benefit_realisations (id, benefit_id, year_on, counted_to, figure, qualifier, basis, source, illustrative, confirmed_by, version, created_at, updated_at)
SELECT randomblob(16), id, date(from_on, '-3 months', 'start of year', '+3 months'), min(date(to_on, '-1 day'), date(from_on, '-3 months', 'start of year', '+15 months', '-1 day')), realised, qualifier, basis, 'Confirmed before realised figures had a certainty of their own.', illustrative, claimed_by, 1, updated_at, updated_at
FROM benefits WHERE realised IS NOT NULL;
ALTER TABLE benefits DROP COLUMN realised;

-- For how long after an innovation left a programme a first use is still put down to it.
ALTER TABLE programmes ADD COLUMN attribution_months INTEGER NOT NULL DEFAULT 12;
-- Whose money was raised: private, charity or public; none where nobody said.
ALTER TABLE external_investments ADD COLUMN sector TEXT;

-- Counts of all adoptions are listed by day and by change.
CREATE INDEX adoption_counts_by_day ON adoption_counts (counted_on, id);
CREATE INDEX adoption_counts_by_update ON adoption_counts (updated_at, id);
