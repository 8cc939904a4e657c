-- Requests that are answered later. Whoever works on one holds a lease by a number: what it writes in the end is committed with
-- the job's own state, where it still holds it.
CREATE TABLE jobs (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('submit-kpi-values', 'export-kpi-values')),
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  made_by TEXT NOT NULL,
  end_user_id BLOB REFERENCES organisations (id),
  request_id TEXT NOT NULL,
  target TEXT NOT NULL,
  accept TEXT NOT NULL,
  content_type TEXT NOT NULL,
  done BIGINT NOT NULL,
  total BIGINT,
  result TEXT,
  answer_type TEXT,
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
  job_id BLOB NOT NULL REFERENCES jobs (id),
  is_answer BOOLEAN NOT NULL,
  number INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (job_id, is_answer, number)
);
