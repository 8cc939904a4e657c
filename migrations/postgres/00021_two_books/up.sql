-- Money that is promised by financial year, and what was received of it. A pledge is paid by contributions that name it.
CREATE TABLE pledges (
  id BYTEA NOT NULL PRIMARY KEY,
  fund_id BYTEA NOT NULL REFERENCES funds (id),
  contributor_id BYTEA NOT NULL REFERENCES organisations (id),
  financial_year INTEGER NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  paid_minor BIGINT NOT NULL CHECK (paid_minor >= 0),
  certainty TEXT COLLATE "C" NOT NULL,
  nature TEXT COLLATE "C" NOT NULL,
  announced_on DATE,
  note TEXT COLLATE "C",
  illustrative BOOLEAN NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  CHECK (paid_minor <= amount_minor)
);
CREATE INDEX pledges_by_fund ON pledges (fund_id, financial_year, id);
CREATE INDEX pledges_by_contributor ON pledges (contributor_id, financial_year, id);
CREATE INDEX pledges_by_year ON pledges (financial_year, id);
CREATE INDEX pledges_by_updated ON pledges (updated_at, id);
CREATE INDEX pledges_by_certainty ON pledges (certainty, financial_year, id);
CREATE INDEX pledges_by_nature ON pledges (nature, financial_year, id);

ALTER TABLE contributions ADD COLUMN pledge_id BYTEA REFERENCES pledges (id);
CREATE INDEX contributions_by_pledge ON contributions (pledge_id, received_on, id);

-- The fund's first day, and which of several funders publishes its grants.
ALTER TABLE funds ADD COLUMN from_on DATE;
ALTER TABLE funds ADD COLUMN publishing_funder TEXT COLLATE "C" REFERENCES organisations (code);

-- A second approval, which raises the amount of the same award. profile: a JSON array.
CREATE TABLE award_supplements (
  id BYTEA NOT NULL PRIMARY KEY,
  award_id BYTEA NOT NULL REFERENCES awards (id),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  profile TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected')),
  proposed_by TEXT COLLATE "C" NOT NULL,
  decided_by TEXT COLLATE "C",
  decided_on DATE,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX award_supplements_by_award ON award_supplements (award_id, created_at, id);

-- How a commitment was moved between years. profile_before, profile: JSON arrays.
CREATE TABLE award_reprofilings (
  id BYTEA NOT NULL PRIMARY KEY,
  award_id BYTEA NOT NULL REFERENCES awards (id),
  profile_before TEXT COLLATE "C" NOT NULL,
  profile TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX award_reprofilings_by_award ON award_reprofilings (award_id, created_at, id);

-- What a fund may commit of each financial year, and has committed. reallocated: in, less out.
CREATE TABLE fund_years (
  fund_id BYTEA NOT NULL REFERENCES funds (id),
  financial_year INTEGER NOT NULL,
  pledged_minor BIGINT NOT NULL CHECK (pledged_minor >= 0),
  received_unpledged_minor BIGINT NOT NULL CHECK (received_unpledged_minor >= 0),
  reallocated_minor BIGINT NOT NULL,
  committed_minor BIGINT NOT NULL CHECK (committed_minor >= 0),
  PRIMARY KEY (fund_id, financial_year)
);
-- What came in counts from the year in which it came. Of what an award committed and released, the end of its plan was released.
INSERT INTO fund_years (fund_id, financial_year, pledged_minor, received_unpledged_minor, reallocated_minor, committed_minor)
SELECT fund_id, financial_year, 0, CAST(SUM(received) AS BIGINT), CAST(SUM(reallocated) AS BIGINT), CAST(SUM(committed) AS BIGINT) FROM (
  SELECT fund_id, CAST(EXTRACT(YEAR FROM received_on) AS INTEGER) - CASE WHEN EXTRACT(MONTH FROM received_on) < 4 THEN 1 ELSE 0 END AS financial_year, amount_minor AS received, 0 AS reallocated, 0 AS committed FROM contributions
  UNION ALL SELECT to_fund_id, CAST(EXTRACT(YEAR FROM made_on) AS INTEGER) - CASE WHEN EXTRACT(MONTH FROM made_on) < 4 THEN 1 ELSE 0 END, 0, amount_minor, 0 FROM reallocations
  UNION ALL SELECT from_fund_id, CAST(EXTRACT(YEAR FROM made_on) AS INTEGER) - CASE WHEN EXTRACT(MONTH FROM made_on) < 4 THEN 1 ELSE 0 END, 0, -amount_minor, 0 FROM reallocations
  UNION ALL SELECT fund_id, financial_year, 0, 0, amount_minor - LEAST(amount_minor, GREATEST(0, released_minor - later)) FROM (
    SELECT a.fund_id, p.financial_year, p.amount_minor, b.released_minor,
      CAST(SUM(p.amount_minor) OVER (PARTITION BY p.award_id ORDER BY p.financial_year DESC) AS BIGINT) - p.amount_minor AS later
    FROM award_profiles p JOIN awards a ON a.id = p.award_id JOIN award_balances b ON b.award_id = p.award_id
    WHERE b.committed_minor > 0) AS plans
) AS moved GROUP BY fund_id, financial_year;

-- The fund's cash takes the place of what was available: a commitment stands on the years, and needs no cash.
ALTER TABLE fund_balances ADD COLUMN cash_minor BIGINT;
UPDATE fund_balances SET cash_minor = available_minor + outstanding_minor;
ALTER TABLE fund_balances ALTER COLUMN cash_minor SET NOT NULL;
ALTER TABLE fund_balances DROP COLUMN available_minor;
ALTER TABLE fund_balances ADD CHECK (cash_minor >= 0);
ALTER TABLE fund_balances ADD CHECK (cash_minor = contributed_minor + reallocated_in_minor - reallocated_out_minor - disbursed_minor);
