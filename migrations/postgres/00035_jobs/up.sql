-- Requests that are answered later. Whoever works on one holds a lease by a number: what it writes in the end is committed with
-- the job's own state, where it still holds it.
CREATE TABLE jobs (
  id BYTEA NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('submit-kpi-values', 'export-kpi-values')),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  made_by TEXT COLLATE "C" NOT NULL,
  end_user_id BYTEA REFERENCES organisations (id),
  request_id TEXT COLLATE "C" NOT NULL,
  target TEXT COLLATE "C" NOT NULL,
  accept TEXT COLLATE "C" NOT NULL,
  content_type TEXT COLLATE "C" NOT NULL,
  done BIGINT NOT NULL,
  total BIGINT,
  result TEXT COLLATE "C",
  answer_type TEXT COLLATE "C",
  answer_bytes BIGINT NOT NULL,
  lease BIGINT NOT NULL,
  lease_until TIMESTAMP NOT NULL,
  instance INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  started_at TIMESTAMP,
  ended_at TIMESTAMP,
  expires_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX jobs_by_creation ON jobs (created_at, id);
CREATE INDEX jobs_by_update ON jobs (updated_at, id);
CREATE INDEX jobs_by_maker ON jobs (made_by, created_at, id);
CREATE INDEX jobs_by_state ON jobs (state, created_at, id);
CREATE INDEX jobs_by_expiry ON jobs (expires_at);

-- What was sent, and what was answered, in parts that are small enough to be read one at a time.
CREATE TABLE job_parts (
  job_id BYTEA NOT NULL REFERENCES jobs (id),
  is_answer BOOLEAN NOT NULL,
  number INTEGER NOT NULL,
  bytes BYTEA NOT NULL,
  PRIMARY KEY (job_id, is_answer, number)
);
