-- Money that is promised by financial year, and what was received of it. A pledge is paid by contributions that name it.
CREATE TABLE pledges (
  id BLOB NOT NULL PRIMARY KEY,
  fund_id BLOB NOT NULL REFERENCES funds (id),
  contributor_id BLOB NOT NULL REFERENCES organisations (id),
  financial_year INTEGER NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  paid_minor BIGINT NOT NULL CHECK (paid_minor >= 0),
  certainty TEXT NOT NULL,
  nature TEXT NOT NULL,
  announced_on DATE,
  note TEXT,
  illustrative BOOLEAN NOT NULL,
  made_by TEXT NOT NULL,
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

ALTER TABLE contributions ADD COLUMN pledge_id BLOB REFERENCES pledges (id);
CREATE INDEX contributions_by_pledge ON contributions (pledge_id, received_on, id);

-- The fund's first day, and which of several funders publishes its grants.
ALTER TABLE funds ADD COLUMN from_on DATE;
ALTER TABLE funds ADD COLUMN publishing_funder TEXT REFERENCES organisations (code);

-- A second approval, which raises the amount of the same award. profile: a JSON array.
CREATE TABLE award_supplements (
  id BLOB NOT NULL PRIMARY KEY,
  award_id BLOB NOT NULL REFERENCES awards (id),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  profile TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected')),
  proposed_by TEXT NOT NULL,
  decided_by TEXT,
  decided_on DATE,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX award_supplements_by_award ON award_supplements (award_id, created_at, id);

-- How a commitment was moved between years. profile_before, profile: JSON arrays.
CREATE TABLE award_reprofilings (
  id BLOB NOT NULL PRIMARY KEY,
  award_id BLOB NOT NULL REFERENCES awards (id),
  profile_before TEXT NOT NULL,
  profile TEXT NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX award_reprofilings_by_award ON award_reprofilings (award_id, created_at, id);

-- What a fund may commit of each financial year, and has committed. reallocated: in, less out.
CREATE TABLE fund_years (
  fund_id BLOB NOT NULL REFERENCES funds (id),
  financial_year INTEGER NOT NULL,
  pledged_minor BIGINT NOT NULL CHECK (pledged_minor >= 0),
  received_unpledged_minor BIGINT NOT NULL CHECK (received_unpledged_minor >= 0),
  reallocated_minor BIGINT NOT NULL,
  committed_minor BIGINT NOT NULL CHECK (committed_minor >= 0),
  PRIMARY KEY (fund_id, financial_year)
);
-- What came in counts from the year in which it came. Of what an award committed and released, the end of its plan was released.
INSERT INTO fund_years (fund_id, financial_year, pledged_minor, received_unpledged_minor, reallocated_minor, committed_minor)
SELECT fund_id, financial_year, 0, SUM(received), SUM(reallocated), SUM(committed) FROM (
  SELECT fund_id, CAST(strftime('%Y', received_on) AS INTEGER) - (strftime('%m', received_on) < '04') AS financial_year, amount_minor AS received, 0 AS reallocated, 0 AS committed FROM contributions
  UNION ALL SELECT to_fund_id, CAST(strftime('%Y', made_on) AS INTEGER) - (strftime('%m', made_on) < '04'), 0, amount_minor, 0 FROM reallocations
  UNION ALL SELECT from_fund_id, CAST(strftime('%Y', made_on) AS INTEGER) - (strftime('%m', made_on) < '04'), 0, -amount_minor, 0 FROM reallocations
  UNION ALL SELECT fund_id, financial_year, 0, 0, amount_minor - MIN(amount_minor, MAX(0, released_minor - later)) FROM (
    SELECT a.fund_id, p.financial_year, p.amount_minor, b.released_minor,
      SUM(p.amount_minor) OVER (PARTITION BY p.award_id ORDER BY p.financial_year DESC) - p.amount_minor AS later
    FROM award_profiles p JOIN awards a ON a.id = p.award_id JOIN award_balances b ON b.award_id = p.award_id
    WHERE b.committed_minor > 0) AS plans
) AS moved GROUP BY fund_id, financial_year;

-- The fund's cash takes the place of what was available: a commitment stands on the years, and needs no cash.
CREATE TABLE fund_balances_next (
  fund_id BLOB NOT NULL PRIMARY KEY REFERENCES funds (id),
  contributed_minor BIGINT NOT NULL CHECK (contributed_minor >= 0),
  reallocated_in_minor BIGINT NOT NULL CHECK (reallocated_in_minor >= 0),
  reallocated_out_minor BIGINT NOT NULL CHECK (reallocated_out_minor >= 0),
  outstanding_minor BIGINT NOT NULL CHECK (outstanding_minor >= 0),
  disbursed_minor BIGINT NOT NULL CHECK (disbursed_minor >= 0),
  cash_minor BIGINT NOT NULL CHECK (cash_minor >= 0),
  CHECK (cash_minor = contributed_minor + reallocated_in_minor - reallocated_out_minor - disbursed_minor)
);
INSERT INTO fund_balances_next
SELECT fund_id, contributed_minor, reallocated_in_minor, reallocated_out_minor, outstanding_minor, disbursed_minor, available_minor + outstanding_minor
FROM fund_balances;
DROP TABLE fund_balances;
ALTER TABLE fund_balances_next RENAME TO fund_balances;
