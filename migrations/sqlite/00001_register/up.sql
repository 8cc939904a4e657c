-- What the running service must know of the schema itself.
CREATE TABLE schema_info (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  min_app_generation INTEGER NOT NULL,
  epoch BLOB NOT NULL
);

CREATE TABLE organisations (
  id BLOB NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  ods_code TEXT UNIQUE,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'closed')),
  valid_from DATE,
  valid_to DATE,
  postcode TEXT,
  identifiers TEXT NOT NULL,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX organisations_by_name ON organisations (sort_name, id);
CREATE INDEX organisations_by_kind ON organisations (kind, sort_name, id);
CREATE INDEX organisations_by_updated ON organisations (updated_at, id);

-- Dated edges; to_on is the day the edge no longer holds.
CREATE TABLE organisation_edges (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  parent_id BLOB NOT NULL REFERENCES organisations (id),
  child_id BLOB NOT NULL REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  illustrative BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (kind, parent_id, child_id, from_on)
);
CREATE INDEX organisation_edges_by_child ON organisation_edges (child_id, kind);

-- Every ancestor of every organisation, itself included, with the days on which that holds.
CREATE TABLE organisation_closure (
  descendant_id BLOB NOT NULL REFERENCES organisations (id),
  ancestor_id BLOB NOT NULL REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  PRIMARY KEY (ancestor_id, descendant_id, from_on)
);
CREATE INDEX organisation_closure_up ON organisation_closure (descendant_id, ancestor_id);

CREATE TABLE organisation_successions (
  id BLOB NOT NULL PRIMARY KEY,
  from_id BLOB NOT NULL REFERENCES organisations (id),
  to_id BLOB NOT NULL REFERENCES organisations (id),
  kind TEXT NOT NULL,
  share_ppm BIGINT NOT NULL CHECK (share_ppm BETWEEN 1 AND 1000000),
  effective_on DATE NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (from_id, to_id, effective_on)
);
CREATE INDEX organisation_successions_by_to ON organisation_successions (to_id);

CREATE TABLE innovations (
  id BLOB NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  reference TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  summary TEXT NOT NULL,
  description TEXT,
  main_category TEXT NOT NULL,
  categories TEXT NOT NULL,
  areas TEXT NOT NULL,
  care_settings TEXT NOT NULL,
  shifts TEXT NOT NULL,
  priorities TEXT NOT NULL,
  evidence TEXT NOT NULL,
  standards_met TEXT NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('proof-of-concept', 'development', 'real-world-testing', 'early-adoption', 'spread', 'embedded', 'superseded', 'decommissioned', 'withdrawn')),
  owner_id BLOB REFERENCES organisations (id),
  eligible_value BIGINT,
  eligible_qualifier TEXT,
  eligible_basis TEXT,
  nis_unique_id TEXT,
  website TEXT,
  illustrative BOOLEAN NOT NULL,
  archived_at TIMESTAMP,
  search_text TEXT NOT NULL,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX innovations_by_name ON innovations (sort_name, id);
CREATE INDEX innovations_by_updated ON innovations (updated_at, id);
CREATE INDEX innovations_by_created ON innovations (created_at, id);
CREATE INDEX innovations_by_stage ON innovations (stage, sort_name, id);
CREATE INDEX innovations_by_main_category ON innovations (main_category, sort_name, id);
CREATE INDEX innovations_by_owner ON innovations (owner_id);

-- The list-valued properties again, one row a word, for filters.
CREATE TABLE innovation_tags (
  list TEXT NOT NULL,
  word TEXT NOT NULL,
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  PRIMARY KEY (innovation_id, list, word)
);
CREATE INDEX innovation_tags_by_word ON innovation_tags (list, word, innovation_id);

CREATE TABLE programme_memberships (
  id BLOB NOT NULL PRIMARY KEY,
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  programme TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (innovation_id, programme, from_on)
);
CREATE INDEX programme_memberships_by_programme ON programme_memberships (programme, innovation_id);

-- Year by year, the last number of a human-readable reference such as INN-2026-00042.
CREATE TABLE reference_counters (
  prefix TEXT NOT NULL,
  year INTEGER NOT NULL,
  last_number BIGINT NOT NULL,
  PRIMARY KEY (prefix, year)
);

-- Every move of every state machine.
CREATE TABLE transitions (
  id BLOB NOT NULL PRIMARY KEY,
  resource TEXT NOT NULL,
  resource_id BLOB NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  reason TEXT,
  effective_on DATE NOT NULL,
  made_by TEXT NOT NULL,
  made_at TIMESTAMP NOT NULL
);
CREATE INDEX transitions_by_resource ON transitions (resource, resource_id, id);

CREATE TABLE kpis (
  id BLOB NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  level TEXT NOT NULL,
  unit TEXT NOT NULL,
  period_type TEXT NOT NULL,
  value_type TEXT NOT NULL,
  decimals INTEGER NOT NULL,
  multiplier BIGINT NOT NULL,
  improvement_direction TEXT NOT NULL,
  aggregation TEXT NOT NULL,
  breakdowns TEXT NOT NULL,
  min_value BIGINT,
  max_value BIGINT,
  programme TEXT,
  successor_of TEXT,
  due_days INTEGER,
  lock_days INTEGER,
  open_future_periods INTEGER NOT NULL,
  approval_required BOOLEAN NOT NULL,
  disclosure_control BOOLEAN NOT NULL,
  conflict_rule TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('proposed', 'agreed', 'live', 'retired', 'superseded')),
  definition_version INTEGER NOT NULL,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX kpis_by_name ON kpis (sort_name, id);
CREATE INDEX kpis_by_updated ON kpis (updated_at, id);
CREATE INDEX kpis_by_programme ON kpis (programme, sort_name, id);

CREATE TABLE kpi_versions (
  kpi_id BLOB NOT NULL REFERENCES kpis (id),
  number INTEGER NOT NULL,
  document TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at TIMESTAMP NOT NULL,
  PRIMARY KEY (kpi_id, number)
);

-- A target holds from a period's first day until another begins; organisation_id and innovation_id narrow it.
CREATE TABLE kpi_targets (
  id BLOB NOT NULL PRIMARY KEY,
  kpi_id BLOB NOT NULL REFERENCES kpis (id),
  organisation_id BLOB REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  value BIGINT NOT NULL,
  made_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX kpi_targets_by_kpi ON kpi_targets (kpi_id, from_on, id);

CREATE TABLE kpi_sets (
  id BLOB NOT NULL PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  programme TEXT,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX kpi_sets_by_name ON kpi_sets (sort_name, id);

CREATE TABLE kpi_set_kpis (
  set_id BLOB NOT NULL REFERENCES kpi_sets (id),
  kpi_id BLOB NOT NULL REFERENCES kpis (id),
  PRIMARY KEY (set_id, kpi_id)
);
CREATE INDEX kpi_set_kpis_by_kpi ON kpi_set_kpis (kpi_id, set_id);

-- The organisations a set is asked of, each with the places below it.
CREATE TABLE kpi_set_organisations (
  set_id BLOB NOT NULL REFERENCES kpi_sets (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  PRIMARY KEY (set_id, organisation_id)
);

-- One series: a KPI for an organisation, an innovation (or none: sixteen zero bytes) and a breakdown (or none: empty).
CREATE TABLE series (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kpi_id BLOB NOT NULL REFERENCES kpis (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  innovation_id BLOB NOT NULL,
  breakdown TEXT NOT NULL,
  UNIQUE (kpi_id, organisation_id, innovation_id, breakdown)
);
CREATE INDEX series_by_organisation ON series (organisation_id, kpi_id);
CREATE INDEX series_by_innovation ON series (innovation_id, kpi_id);

-- value, numerator and denominator are scaled by ten to the KPI's decimals.
CREATE TABLE kpi_values (
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
  PRIMARY KEY (series_id, period_start)
);
CREATE INDEX kpi_values_by_period ON kpi_values (period_start, series_id);
CREATE INDEX kpi_values_by_submission ON kpi_values (submission_id);

-- Every value that was overwritten or deleted.
CREATE TABLE kpi_value_revisions (
  series_id BIGINT NOT NULL REFERENCES series (id),
  period_start DATE NOT NULL,
  version INTEGER NOT NULL,
  value BIGINT NOT NULL,
  numerator BIGINT,
  denominator BIGINT,
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  comment TEXT,
  kpi_version INTEGER NOT NULL,
  submission_id BLOB NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  replaced_by BLOB NOT NULL,
  replaced_at TIMESTAMP NOT NULL,
  PRIMARY KEY (series_id, period_start, version)
);
CREATE INDEX kpi_value_revisions_by_submission ON kpi_value_revisions (submission_id);
CREATE INDEX kpi_value_revisions_by_replacer ON kpi_value_revisions (replaced_by);

CREATE TABLE kpi_submissions (
  id BLOB NOT NULL PRIMARY KEY,
  kpi_code TEXT,
  state TEXT NOT NULL,
  dry_run BOOLEAN NOT NULL,
  mode TEXT NOT NULL,
  strategy TEXT NOT NULL,
  received BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  organisation_id BLOB REFERENCES organisations (id),
  submitted_by TEXT NOT NULL,
  submitted_at TIMESTAMP NOT NULL
);
CREATE INDEX kpi_submissions_by_time ON kpi_submissions (submitted_at, id);
CREATE INDEX kpi_submissions_by_submitter ON kpi_submissions (submitted_by, submitted_at, id);

-- The rows of a submission that were rejected, kept seven days.
CREATE TABLE kpi_submission_rows (
  submission_id BLOB NOT NULL REFERENCES kpi_submissions (id),
  line BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (submission_id, line)
);

-- The deliberate acts by which the mean and limits of a series begin anew, or a point is left out of them.
CREATE TABLE spc_acts (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('recalculation', 'exclusion')),
  kpi_id BLOB NOT NULL REFERENCES kpis (id),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  innovation_id BLOB NOT NULL,
  breakdown TEXT NOT NULL,
  period_start DATE NOT NULL,
  baseline_points INTEGER,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  archived_at TIMESTAMP,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX spc_acts_by_kpi ON spc_acts (kpi_id, organisation_id, period_start, id);

CREATE TABLE grants (
  id BLOB NOT NULL PRIMARY KEY,
  subject TEXT NOT NULL,
  role TEXT NOT NULL,
  organisation_id BLOB REFERENCES organisations (id),
  programme TEXT,
  innovation_id BLOB REFERENCES innovations (id),
  from_at TIMESTAMP NOT NULL,
  to_at TIMESTAMP NOT NULL,
  made_by TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX grants_by_subject ON grants (subject, to_at);

-- Bumped with every change of grants; instances poll it, so a revocation holds everywhere within seconds.
CREATE TABLE grant_generation (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  generation BIGINT NOT NULL
);

CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  algorithm TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  private_sealed BLOB NOT NULL,
  created_at TIMESTAMP NOT NULL,
  signs_from TIMESTAMP NOT NULL,
  verifies_until TIMESTAMP NOT NULL
);

-- One row a command. position, previous_hash and hash are written by the one sequencer after the commit.
CREATE TABLE events (
  id BLOB NOT NULL PRIMARY KEY,
  position BIGINT UNIQUE,
  occurred_at TIMESTAMP NOT NULL,
  subject TEXT NOT NULL,
  end_user_organisation TEXT,
  operation TEXT NOT NULL,
  resource TEXT NOT NULL,
  resource_key TEXT NOT NULL,
  resource_version INTEGER NOT NULL,
  organisation_id BLOB,
  innovation_id BLOB,
  programme TEXT,
  request_id TEXT NOT NULL,
  data TEXT NOT NULL,
  hash BLOB
);
CREATE INDEX events_by_resource ON events (resource, resource_key, position);
CREATE INDEX events_by_subject ON events (subject, position);
CREATE INDEX events_by_organisation ON events (organisation_id, position);
CREATE INDEX events_by_innovation ON events (innovation_id, position);
CREATE INDEX events_by_programme ON events (programme, position);
CREATE INDEX events_by_time ON events (occurred_at, position);

CREATE TABLE idempotency_keys (
  caller TEXT NOT NULL,
  operation TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  authority TEXT NOT NULL,
  lease_until TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  status INTEGER,
  headers TEXT,
  body BLOB,
  PRIMARY KEY (caller, operation, idempotency_key)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

INSERT INTO grant_generation (id, generation) VALUES (1, 0);
INSERT INTO schema_info (id, min_app_generation, epoch) VALUES (1, 1, randomblob(16));

CREATE INDEX events_unnumbered ON events (id) WHERE position IS NULL;

CREATE VIRTUAL TABLE search_organisations USING fts5 (search_text, content='organisations', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_organisations_insert AFTER INSERT ON organisations BEGIN
  INSERT INTO search_organisations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_organisations_update AFTER UPDATE OF search_text ON organisations BEGIN
  INSERT INTO search_organisations (search_organisations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_organisations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_organisations_delete AFTER DELETE ON organisations BEGIN
  INSERT INTO search_organisations (search_organisations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;

CREATE VIRTUAL TABLE search_innovations USING fts5 (search_text, content='innovations', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_innovations_insert AFTER INSERT ON innovations BEGIN
  INSERT INTO search_innovations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_innovations_update AFTER UPDATE OF search_text ON innovations BEGIN
  INSERT INTO search_innovations (search_innovations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_innovations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_innovations_delete AFTER DELETE ON innovations BEGIN
  INSERT INTO search_innovations (search_innovations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;

CREATE VIRTUAL TABLE search_kpis USING fts5 (search_text, content='kpis', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_kpis_insert AFTER INSERT ON kpis BEGIN
  INSERT INTO search_kpis (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_kpis_update AFTER UPDATE OF search_text ON kpis BEGIN
  INSERT INTO search_kpis (search_kpis, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_kpis (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_kpis_delete AFTER DELETE ON kpis BEGIN
  INSERT INTO search_kpis (search_kpis, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
