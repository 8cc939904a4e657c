-- Who is asked for a set: organisations of some types (none: all) at or below a place, from a day to another.
CREATE TABLE kpi_set_assignments (
  set_id BLOB NOT NULL REFERENCES kpi_sets (id),
  number INTEGER NOT NULL,
  place_id BLOB NOT NULL REFERENCES organisations (id),
  organisation_types TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  PRIMARY KEY (set_id, number)
);
INSERT INTO kpi_set_assignments (set_id, number, place_id, organisation_types, from_on, to_on)
SELECT s.set_id, row_number() OVER (PARTITION BY s.set_id ORDER BY o.code) - 1, o.id, '', '0001-01-01', '9999-12-31'
FROM kpi_set_organisations s JOIN organisations o ON o.id = s.organisation_id;
DROP TABLE kpi_set_organisations;

-- How far the return of an organisation for a period has come: of a set, or of a KPI that is in none. The other of the two is
-- sixteen zero bytes.
CREATE TABLE kpi_returns (
  id BLOB NOT NULL PRIMARY KEY,
  set_id BLOB NOT NULL,
  kpi_id BLOB NOT NULL,
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  period_type TEXT NOT NULL,
  period_start DATE NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'received', 'submitted', 'approved', 'accepted', 'returned', 'withdrawn')),
  submission_id BLOB NOT NULL,
  received_at TIMESTAMP,
  submitted_at TIMESTAMP,
  submitted_by TEXT,
  approved_by TEXT,
  approved_on DATE,
  accepted_by TEXT,
  accepted_on DATE,
  changes_since_approval INTEGER NOT NULL,
  reminder TEXT,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (set_id, kpi_id, period_type, period_start, organisation_id)
);
CREATE INDEX kpi_returns_by_period ON kpi_returns (period_start, id);
CREATE INDEX kpi_returns_by_updated ON kpi_returns (updated_at, id);
CREATE INDEX kpi_returns_by_organisation ON kpi_returns (organisation_id, period_start, id);
CREATE INDEX kpi_returns_by_submission ON kpi_returns (submission_id);

-- Values that await approval, with the columns and the key of values. One that is deleted takes the value away once it is approved.
CREATE TABLE kpi_value_drafts (
  kpi_number INTEGER NOT NULL,
  series_id BIGINT NOT NULL REFERENCES series (id),
  period_start DATE NOT NULL,
  value BIGINT NOT NULL,
  numerator BIGINT,
  denominator BIGINT,
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  comment TEXT,
  version INTEGER NOT NULL,
  kpi_version INTEGER NOT NULL,
  submission_id BLOB NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  return_id BLOB NOT NULL REFERENCES kpi_returns (id),
  deleted BOOLEAN NOT NULL,
  PRIMARY KEY (kpi_number, series_id, period_start)
) WITHOUT ROWID;
CREATE INDEX kpi_value_drafts_by_return ON kpi_value_drafts (return_id, period_start, series_id);

-- Who may still send a locked period, until when. The set or the KPI, the other of the two is sixteen zero bytes.
CREATE TABLE lock_exceptions (
  id BLOB NOT NULL PRIMARY KEY,
  set_id BLOB NOT NULL,
  kpi_id BLOB NOT NULL,
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  until_at TIMESTAMP NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  withdrawn_at TIMESTAMP,
  withdrawn_reason TEXT
);
CREATE INDEX lock_exceptions_by_until ON lock_exceptions (until_at, id);
CREATE INDEX lock_exceptions_by_updated ON lock_exceptions (updated_at, id);
CREATE INDEX lock_exceptions_by_organisation ON lock_exceptions (organisation_id, until_at, id);

-- Why a submission was written in spite of locks.
ALTER TABLE kpi_submissions ADD COLUMN forced_reason TEXT;
