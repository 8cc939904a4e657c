-- What the running service must know of the schema itself.
CREATE TABLE schema_info (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  min_app_generation INTEGER NOT NULL,
  epoch BYTEA NOT NULL
);

CREATE TABLE organisations (
  id BYTEA NOT NULL PRIMARY KEY,
  code TEXT COLLATE "C" NOT NULL UNIQUE,
  ods_code TEXT COLLATE "C" UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL CHECK (status IN ('active', 'closed')),
  valid_from DATE,
  valid_to DATE,
  postcode TEXT COLLATE "C",
  identifiers TEXT COLLATE "C" NOT NULL,
  search_text TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX organisations_by_name ON organisations (sort_name, id);
CREATE INDEX organisations_by_kind ON organisations (kind, sort_name, id);
CREATE INDEX organisations_by_updated ON organisations (updated_at, id);

-- Dated edges; to_on is the day the edge no longer holds.
CREATE TABLE organisation_edges (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL,
  parent_id BYTEA NOT NULL REFERENCES organisations (id),
  child_id BYTEA NOT NULL REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  illustrative BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (kind, parent_id, child_id, from_on)
);
CREATE INDEX organisation_edges_by_child ON organisation_edges (child_id, kind);

-- Every ancestor of every organisation, itself included, with the days on which that holds.
CREATE TABLE organisation_closure (
  descendant_id BYTEA NOT NULL REFERENCES organisations (id),
  ancestor_id BYTEA NOT NULL REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  PRIMARY KEY (ancestor_id, descendant_id, from_on)
);
CREATE INDEX organisation_closure_up ON organisation_closure (descendant_id, ancestor_id);

CREATE TABLE organisation_successions (
  id BYTEA NOT NULL PRIMARY KEY,
  from_id BYTEA NOT NULL REFERENCES organisations (id),
  to_id BYTEA NOT NULL REFERENCES organisations (id),
  kind TEXT COLLATE "C" NOT NULL,
  share_ppm BIGINT NOT NULL CHECK (share_ppm BETWEEN 1 AND 1000000),
  effective_on DATE NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (from_id, to_id, effective_on)
);
CREATE INDEX organisation_successions_by_to ON organisation_successions (to_id);

CREATE TABLE innovations (
  id BYTEA NOT NULL PRIMARY KEY,
  slug TEXT COLLATE "C" NOT NULL UNIQUE,
  reference TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  summary TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C",
  main_category TEXT COLLATE "C" NOT NULL,
  categories TEXT COLLATE "C" NOT NULL,
  areas TEXT COLLATE "C" NOT NULL,
  care_settings TEXT COLLATE "C" NOT NULL,
  shifts TEXT COLLATE "C" NOT NULL,
  priorities TEXT COLLATE "C" NOT NULL,
  evidence TEXT COLLATE "C" NOT NULL,
  standards_met TEXT COLLATE "C" NOT NULL,
  stage TEXT COLLATE "C" NOT NULL CHECK (stage IN ('proof-of-concept', 'development', 'real-world-testing', 'early-adoption', 'spread', 'embedded', 'superseded', 'decommissioned', 'withdrawn')),
  owner_id BYTEA REFERENCES organisations (id),
  eligible_value BIGINT,
  eligible_qualifier TEXT COLLATE "C",
  eligible_basis TEXT COLLATE "C",
  nis_unique_id TEXT COLLATE "C",
  website TEXT COLLATE "C",
  illustrative BOOLEAN NOT NULL,
  archived_at TIMESTAMP,
  search_text TEXT COLLATE "C" NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
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
  list TEXT COLLATE "C" NOT NULL,
  word TEXT COLLATE "C" NOT NULL,
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  PRIMARY KEY (innovation_id, list, word)
);
CREATE INDEX innovation_tags_by_word ON innovation_tags (list, word, innovation_id);

CREATE TABLE programme_memberships (
  id BYTEA NOT NULL PRIMARY KEY,
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  programme TEXT COLLATE "C" NOT NULL,
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
  prefix TEXT COLLATE "C" NOT NULL,
  year INTEGER NOT NULL,
  last_number BIGINT NOT NULL,
  PRIMARY KEY (prefix, year)
);

-- Every move of every state machine.
CREATE TABLE transitions (
  id BYTEA NOT NULL PRIMARY KEY,
  resource TEXT COLLATE "C" NOT NULL,
  resource_id BYTEA NOT NULL,
  from_state TEXT COLLATE "C" NOT NULL,
  to_state TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C",
  effective_on DATE NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  made_at TIMESTAMP NOT NULL
);
CREATE INDEX transitions_by_resource ON transitions (resource, resource_id, id);

CREATE TABLE kpis (
  id BYTEA NOT NULL PRIMARY KEY,
  code TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  definition TEXT COLLATE "C" NOT NULL,
  level TEXT COLLATE "C" NOT NULL,
  unit TEXT COLLATE "C" NOT NULL,
  period_type TEXT COLLATE "C" NOT NULL,
  value_type TEXT COLLATE "C" NOT NULL,
  decimals INTEGER NOT NULL,
  multiplier BIGINT NOT NULL,
  improvement_direction TEXT COLLATE "C" NOT NULL,
  aggregation TEXT COLLATE "C" NOT NULL,
  breakdowns TEXT COLLATE "C" NOT NULL,
  min_value BIGINT,
  max_value BIGINT,
  programme TEXT COLLATE "C",
  successor_of TEXT COLLATE "C",
  due_days INTEGER,
  lock_days INTEGER,
  open_future_periods INTEGER NOT NULL,
  approval_required BOOLEAN NOT NULL,
  disclosure_control BOOLEAN NOT NULL,
  conflict_rule TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL CHECK (status IN ('proposed', 'agreed', 'live', 'retired', 'superseded')),
  definition_version INTEGER NOT NULL,
  search_text TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX kpis_by_name ON kpis (sort_name, id);
CREATE INDEX kpis_by_updated ON kpis (updated_at, id);
CREATE INDEX kpis_by_programme ON kpis (programme, sort_name, id);

CREATE TABLE kpi_versions (
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  number INTEGER NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  made_at TIMESTAMP NOT NULL,
  PRIMARY KEY (kpi_id, number)
);

-- A target holds from a period's first day until another begins; organisation_id and innovation_id narrow it.
CREATE TABLE kpi_targets (
  id BYTEA NOT NULL PRIMARY KEY,
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  organisation_id BYTEA REFERENCES organisations (id),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  value BIGINT NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX kpi_targets_by_kpi ON kpi_targets (kpi_id, from_on, id);

CREATE TABLE kpi_sets (
  id BYTEA NOT NULL PRIMARY KEY,
  code TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  programme TEXT COLLATE "C",
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX kpi_sets_by_name ON kpi_sets (sort_name, id);

CREATE TABLE kpi_set_kpis (
  set_id BYTEA NOT NULL REFERENCES kpi_sets (id),
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  PRIMARY KEY (set_id, kpi_id)
);
CREATE INDEX kpi_set_kpis_by_kpi ON kpi_set_kpis (kpi_id, set_id);

-- The organisations a set is asked of, each with the places below it.
CREATE TABLE kpi_set_organisations (
  set_id BYTEA NOT NULL REFERENCES kpi_sets (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  PRIMARY KEY (set_id, organisation_id)
);

-- One series: a KPI for an organisation, an innovation (or none: sixteen zero bytes) and a breakdown (or none: empty).
CREATE TABLE series (
  id BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  innovation_id BYTEA NOT NULL,
  breakdown TEXT COLLATE "C" NOT NULL,
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
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  comment TEXT COLLATE "C",
  version INTEGER NOT NULL,
  kpi_version INTEGER NOT NULL,
  submission_id BYTEA NOT NULL,
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
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  comment TEXT COLLATE "C",
  kpi_version INTEGER NOT NULL,
  submission_id BYTEA NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  replaced_by BYTEA NOT NULL,
  replaced_at TIMESTAMP NOT NULL,
  PRIMARY KEY (series_id, period_start, version)
);
CREATE INDEX kpi_value_revisions_by_submission ON kpi_value_revisions (submission_id);
CREATE INDEX kpi_value_revisions_by_replacer ON kpi_value_revisions (replaced_by);

CREATE TABLE kpi_submissions (
  id BYTEA NOT NULL PRIMARY KEY,
  kpi_code TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL,
  dry_run BOOLEAN NOT NULL,
  mode TEXT COLLATE "C" NOT NULL,
  strategy TEXT COLLATE "C" NOT NULL,
  received BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  organisation_id BYTEA REFERENCES organisations (id),
  submitted_by TEXT COLLATE "C" NOT NULL,
  submitted_at TIMESTAMP NOT NULL
);
CREATE INDEX kpi_submissions_by_time ON kpi_submissions (submitted_at, id);
CREATE INDEX kpi_submissions_by_submitter ON kpi_submissions (submitted_by, submitted_at, id);

-- The rows of a submission that were rejected, kept seven days.
CREATE TABLE kpi_submission_rows (
  submission_id BYTEA NOT NULL REFERENCES kpi_submissions (id),
  line BIGINT NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (submission_id, line)
);

-- The deliberate acts by which the mean and limits of a series begin anew, or a point is left out of them.
CREATE TABLE spc_acts (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('recalculation', 'exclusion')),
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  innovation_id BYTEA NOT NULL,
  breakdown TEXT COLLATE "C" NOT NULL,
  period_start DATE NOT NULL,
  baseline_points INTEGER,
  reason TEXT COLLATE "C" NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  archived_at TIMESTAMP,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX spc_acts_by_kpi ON spc_acts (kpi_id, organisation_id, period_start, id);

CREATE TABLE grants (
  id BYTEA NOT NULL PRIMARY KEY,
  subject TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  organisation_id BYTEA REFERENCES organisations (id),
  programme TEXT COLLATE "C",
  innovation_id BYTEA REFERENCES innovations (id),
  from_at TIMESTAMP NOT NULL,
  to_at TIMESTAMP NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX grants_by_subject ON grants (subject, to_at);

-- Bumped with every change of grants; instances poll it, so a revocation holds everywhere within seconds.
CREATE TABLE grant_generation (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  generation BIGINT NOT NULL
);

CREATE TABLE signing_keys (
  kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  algorithm TEXT COLLATE "C" NOT NULL,
  public_jwk TEXT COLLATE "C" NOT NULL,
  private_sealed BYTEA NOT NULL,
  created_at TIMESTAMP NOT NULL,
  signs_from TIMESTAMP NOT NULL,
  verifies_until TIMESTAMP NOT NULL
);

-- One row a command. position, previous_hash and hash are written by the one sequencer after the commit.
CREATE TABLE events (
  id BYTEA NOT NULL PRIMARY KEY,
  position BIGINT UNIQUE,
  occurred_at TIMESTAMP NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  end_user_organisation TEXT COLLATE "C",
  operation TEXT COLLATE "C" NOT NULL,
  resource TEXT COLLATE "C" NOT NULL,
  resource_key TEXT COLLATE "C" NOT NULL,
  resource_version INTEGER NOT NULL,
  organisation_id BYTEA,
  innovation_id BYTEA,
  programme TEXT COLLATE "C",
  request_id TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL,
  hash BYTEA
);
CREATE INDEX events_by_resource ON events (resource, resource_key, position);
CREATE INDEX events_by_subject ON events (subject, position);
CREATE INDEX events_by_organisation ON events (organisation_id, position);
CREATE INDEX events_by_innovation ON events (innovation_id, position);
CREATE INDEX events_by_programme ON events (programme, position);
CREATE INDEX events_by_time ON events (occurred_at, position);

CREATE TABLE idempotency_keys (
  caller TEXT COLLATE "C" NOT NULL,
  operation TEXT COLLATE "C" NOT NULL,
  idempotency_key TEXT COLLATE "C" NOT NULL,
  request_hash BYTEA NOT NULL,
  authority TEXT COLLATE "C" NOT NULL,
  lease_until TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  status INTEGER,
  headers TEXT COLLATE "C",
  body BYTEA,
  PRIMARY KEY (caller, operation, idempotency_key)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

INSERT INTO grant_generation (id, generation) VALUES (1, 0);
INSERT INTO schema_info (id, min_app_generation, epoch) VALUES (1, 1, uuid_send(gen_random_uuid()));

CREATE INDEX organisations_search ON organisations USING gin (to_tsvector('simple', search_text));
CREATE INDEX innovations_search ON innovations USING gin (to_tsvector('simple', search_text));
CREATE INDEX kpis_search ON kpis USING gin (to_tsvector('simple', search_text));
CREATE INDEX events_unnumbered ON events (id) WHERE position IS NULL;
