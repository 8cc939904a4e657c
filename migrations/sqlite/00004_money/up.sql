CREATE TABLE funds (
  id BLOB NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  programme TEXT REFERENCES programmes (slug),
  currency TEXT NOT NULL,
  illustrative BOOLEAN NOT NULL,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX funds_by_name ON funds (sort_name, id);
CREATE INDEX funds_by_programme ON funds (programme, sort_name, id);
CREATE INDEX funds_by_updated ON funds (updated_at, id);

-- The fund's money at this moment, in minor units; the CHECKs are the conservation of money.
CREATE TABLE fund_balances (
  fund_id BLOB NOT NULL PRIMARY KEY REFERENCES funds (id),
  contributed_minor BIGINT NOT NULL CHECK (contributed_minor >= 0),
  reallocated_in_minor BIGINT NOT NULL CHECK (reallocated_in_minor >= 0),
  reallocated_out_minor BIGINT NOT NULL CHECK (reallocated_out_minor >= 0),
  available_minor BIGINT NOT NULL CHECK (available_minor >= 0),
  outstanding_minor BIGINT NOT NULL CHECK (outstanding_minor >= 0),
  disbursed_minor BIGINT NOT NULL CHECK (disbursed_minor >= 0),
  CHECK (contributed_minor + reallocated_in_minor - reallocated_out_minor = available_minor + outstanding_minor + disbursed_minor)
);

CREATE TABLE contributions (
  id BLOB NOT NULL PRIMARY KEY,
  fund_id BLOB NOT NULL REFERENCES funds (id),
  contributor_id BLOB NOT NULL REFERENCES organisations (id),
  source TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  received_on DATE NOT NULL,
  note TEXT,
  made_by TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX contributions_by_fund ON contributions (fund_id, received_on, id);
CREATE INDEX contributions_by_contributor ON contributions (contributor_id);
CREATE INDEX contributions_by_date ON contributions (received_on, id);

-- recipient: one organisation or one person. evaluation_plan and conditions are JSON documents.
CREATE TABLE awards (
  id BLOB NOT NULL PRIMARY KEY,
  reference TEXT NOT NULL UNIQUE,
  fund_id BLOB NOT NULL REFERENCES funds (id),
  programme TEXT REFERENCES programmes (slug),
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  sort_title TEXT NOT NULL,
  description TEXT NOT NULL,
  recipient_organisation_id BLOB REFERENCES organisations (id),
  recipient_person_id BLOB REFERENCES people (id),
  innovation_id BLOB REFERENCES innovations (id),
  fellowship_id BLOB REFERENCES fellowships (id),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  awarded_on DATE,
  planned_from DATE NOT NULL,
  planned_to DATE NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected', 'active', 'suspended', 'completed', 'terminated', 'cancelled')),
  evaluation_plan TEXT,
  geocode TEXT,
  published BOOLEAN NOT NULL,
  illustrative BOOLEAN NOT NULL,
  proposed_by TEXT NOT NULL,
  approved_by TEXT,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  CHECK ((recipient_organisation_id IS NULL) <> (recipient_person_id IS NULL))
);
CREATE INDEX awards_by_title ON awards (sort_title, id);
CREATE INDEX awards_by_updated ON awards (updated_at, id);
CREATE INDEX awards_by_planned ON awards (planned_from, id);
CREATE INDEX awards_by_fund ON awards (fund_id, planned_from, id);
CREATE INDEX awards_by_programme ON awards (programme, planned_from, id);
CREATE INDEX awards_by_state ON awards (state, planned_from, id);
CREATE INDEX awards_by_organisation ON awards (recipient_organisation_id, planned_from, id);
CREATE INDEX awards_by_person ON awards (recipient_person_id);
CREATE INDEX awards_by_innovation ON awards (innovation_id, planned_from, id);
CREATE INDEX awards_by_fellowship ON awards (fellowship_id);
CREATE INDEX awards_by_kind ON awards (kind, planned_from, id);
CREATE INDEX awards_by_approval ON awards (awarded_on);

-- The award's money at this moment, in minor units; disbursed is what left, returned what came back of it.
CREATE TABLE award_balances (
  award_id BLOB NOT NULL PRIMARY KEY REFERENCES awards (id),
  committed_minor BIGINT NOT NULL CHECK (committed_minor >= 0),
  disbursed_minor BIGINT NOT NULL CHECK (disbursed_minor >= 0),
  returned_minor BIGINT NOT NULL CHECK (returned_minor >= 0),
  released_minor BIGINT NOT NULL CHECK (released_minor >= 0),
  written_off_minor BIGINT NOT NULL CHECK (written_off_minor >= 0),
  outstanding_minor BIGINT NOT NULL CHECK (outstanding_minor >= 0),
  CHECK (outstanding_minor = committed_minor - released_minor - disbursed_minor + returned_minor),
  CHECK (returned_minor + written_off_minor <= disbursed_minor)
);

-- What is planned to be paid in each financial year, which is named by the calendar year of its 1 April.
CREATE TABLE award_profiles (
  award_id BLOB NOT NULL REFERENCES awards (id),
  financial_year INTEGER NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
  PRIMARY KEY (award_id, financial_year)
);

CREATE TABLE gateway_reviews (
  id BLOB NOT NULL PRIMARY KEY,
  award_id BLOB NOT NULL REFERENCES awards (id),
  title TEXT NOT NULL,
  due_on DATE NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('scheduled', 'in-progress', 'decided')),
  recommendations TEXT NOT NULL,
  decision TEXT,
  reason TEXT,
  decided_by TEXT,
  decided_at TIMESTAMP,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX gateway_reviews_by_award ON gateway_reviews (award_id, due_on, id);

CREATE TABLE award_milestones (
  id BLOB NOT NULL PRIMARY KEY,
  award_id BLOB NOT NULL REFERENCES awards (id),
  gateway_review_id BLOB REFERENCES gateway_reviews (id),
  title TEXT NOT NULL,
  due_on DATE NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'met', 'missed', 'waived')),
  met_on DATE,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX award_milestones_by_award ON award_milestones (award_id, due_on, id);

CREATE TABLE reallocations (
  id BLOB NOT NULL PRIMARY KEY,
  from_fund_id BLOB NOT NULL REFERENCES funds (id),
  to_fund_id BLOB NOT NULL REFERENCES funds (id),
  award_id BLOB REFERENCES awards (id),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_on DATE NOT NULL,
  created_at TIMESTAMP NOT NULL,
  CHECK (from_fund_id <> to_fund_id)
);
CREATE INDEX reallocations_by_date ON reallocations (made_on, id);
CREATE INDEX reallocations_by_source ON reallocations (from_fund_id, made_on, id);
CREATE INDEX reallocations_by_target ON reallocations (to_fund_id, made_on, id);

-- Every movement of money, never changed once written.
CREATE TABLE fund_transactions (
  id BLOB NOT NULL PRIMARY KEY,
  fund_id BLOB NOT NULL REFERENCES funds (id),
  award_id BLOB REFERENCES awards (id),
  reallocation_id BLOB REFERENCES reallocations (id),
  kind TEXT NOT NULL CHECK (kind IN ('commitment', 'disbursement', 'return', 'write-off', 'release', 'reallocation-in', 'reallocation-out')),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  posted_on DATE NOT NULL,
  note TEXT,
  made_by TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX fund_transactions_by_fund ON fund_transactions (fund_id, posted_on, id);
CREATE INDEX fund_transactions_by_award ON fund_transactions (award_id, posted_on, id);
CREATE INDEX fund_transactions_by_kind ON fund_transactions (kind, posted_on, fund_id);

-- Money raised from elsewhere for an innovation or by a fellow.
CREATE TABLE external_investments (
  id BLOB NOT NULL PRIMARY KEY,
  innovation_id BLOB REFERENCES innovations (id),
  fellow_id BLOB REFERENCES fellows (id),
  programme TEXT REFERENCES programmes (slug),
  investor TEXT NOT NULL,
  sort_investor TEXT NOT NULL,
  kind TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  invested_on DATE NOT NULL,
  source TEXT,
  illustrative BOOLEAN NOT NULL,
  archived_at TIMESTAMP,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  CHECK ((innovation_id IS NULL) <> (fellow_id IS NULL))
);
CREATE INDEX external_investments_by_date ON external_investments (invested_on, id);
CREATE INDEX external_investments_by_programme ON external_investments (programme, invested_on, id);
CREATE INDEX external_investments_by_innovation ON external_investments (innovation_id, invested_on, id);
CREATE INDEX external_investments_by_fellow ON external_investments (fellow_id, invested_on, id);
CREATE INDEX external_investments_by_investor ON external_investments (sort_investor, id);
CREATE INDEX external_investments_by_kind ON external_investments (kind, invested_on, id);

CREATE VIRTUAL TABLE search_funds USING fts5 (search_text, content='funds', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_funds_insert AFTER INSERT ON funds BEGIN
  INSERT INTO search_funds (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_funds_update AFTER UPDATE OF search_text ON funds BEGIN
  INSERT INTO search_funds (search_funds, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_funds (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_funds_delete AFTER DELETE ON funds BEGIN
  INSERT INTO search_funds (search_funds, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;

CREATE VIRTUAL TABLE search_awards USING fts5 (search_text, content='awards', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_awards_insert AFTER INSERT ON awards BEGIN
  INSERT INTO search_awards (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_awards_update AFTER UPDATE OF search_text ON awards BEGIN
  INSERT INTO search_awards (search_awards, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_awards (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_awards_delete AFTER DELETE ON awards BEGIN
  INSERT INTO search_awards (search_awards, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
