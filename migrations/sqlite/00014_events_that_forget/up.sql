-- Whoever acts is a number in the chain of events; the text stands here, and goes when the person is erased. What stays is
-- its digest, which the chain covers.
CREATE TABLE subjects (
  id BIGINT NOT NULL PRIMARY KEY,
  subject TEXT UNIQUE,
  salt BLOB,
  digest BLOB NOT NULL,
  erased_by BLOB
);

-- Null in rows that an earlier version numbered: those are chained by its rule, over the texts themselves.
ALTER TABLE events ADD COLUMN rule INTEGER;
ALTER TABLE events ADD COLUMN subject_id BIGINT;
ALTER TABLE events ADD COLUMN salt BLOB;
ALTER TABLE events ADD COLUMN digest BLOB;
-- Whose record it is, and the second end of what has two.
ALTER TABLE events ADD COLUMN owner TEXT;
ALTER TABLE events ADD COLUMN owner_id BIGINT;
ALTER TABLE events ADD COLUMN other_organisation_id BLOB;
ALTER TABLE events ADD COLUMN other_programme TEXT;
-- The event of the erasure that emptied this one.
ALTER TABLE events ADD COLUMN erased_by BLOB;
CREATE INDEX events_by_owner ON events (owner, occurred_at, id);
CREATE INDEX events_by_other_organisation ON events (other_organisation_id, position);
CREATE INDEX events_by_other_programme ON events (other_programme, position);

-- Where the trail had got to, signed; with the public keys, which outlive those that sign tokens.
CREATE TABLE audit_checkpoints (
  position BIGINT NOT NULL PRIMARY KEY,
  hash BLOB NOT NULL,
  made_at TIMESTAMP NOT NULL,
  kid TEXT NOT NULL,
  signature TEXT NOT NULL
);
CREATE TABLE audit_checkpoint_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  public_jwk TEXT NOT NULL,
  voucher BLOB NOT NULL
);

-- What remains to be said about a person who was erased.
CREATE TABLE erasures (
  id BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES people (id),
  ground TEXT NOT NULL,
  texts TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at TIMESTAMP NOT NULL
);
CREATE INDEX erasures_by_person ON erasures (person_id, made_at);

-- What is kept of an erased person for as long as a retention says, out of every list.
CREATE TABLE sealed_records (
  id BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES people (id),
  resource TEXT NOT NULL,
  record_id BLOB NOT NULL,
  ground TEXT NOT NULL,
  until_on DATE NOT NULL,
  document TEXT NOT NULL,
  sealed_at TIMESTAMP NOT NULL
);
CREATE INDEX sealed_records_by_person ON sealed_records (person_id, id);
CREATE INDEX sealed_records_by_end ON sealed_records (until_on, id);

-- What people asked about their data.
CREATE TABLE person_requests (
  id BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES people (id),
  kind TEXT NOT NULL CHECK (kind IN ('erase', 'restrict', 'object', 'rectify', 'access')),
  received_on DATE NOT NULL,
  due_on DATE NOT NULL,
  decision TEXT CHECK (decision IN ('granted', 'refused')),
  decided_on DATE,
  ground TEXT,
  made_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX person_requests_by_person ON person_requests (person_id, due_on, id);

-- An event is written once, numbered once, and emptied by an erasure alone.
CREATE TRIGGER events_stay_insert BEFORE INSERT ON events
WHEN NOT (new.position IS NULL AND new.hash IS NULL AND new.rule IS NULL AND new.erased_by IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'events are written once: INSERT is refused');
END;
CREATE TRIGGER events_stay_update BEFORE UPDATE ON events
WHEN NOT (
  new.id = old.id AND new.occurred_at = old.occurred_at AND new.operation = old.operation AND new.resource = old.resource
  AND new.resource_key = old.resource_key AND new.resource_version = old.resource_version AND new.request_id = old.request_id
  AND new.end_user_organisation IS old.end_user_organisation AND new.organisation_id IS old.organisation_id
  AND new.innovation_id IS old.innovation_id AND new.programme IS old.programme
  AND new.other_organisation_id IS old.other_organisation_id AND new.other_programme IS old.other_programme
  AND (
    (old.position IS NULL AND new.position IS NOT NULL AND new.erased_by IS NULL
     AND new.subject = old.subject AND new.owner IS old.owner AND new.data = old.data)
    OR
    (old.position IS NOT NULL AND new.position = old.position AND new.hash IS old.hash AND new.rule IS old.rule
     AND new.subject_id IS old.subject_id AND new.owner_id IS old.owner_id AND new.digest IS old.digest
     AND (new.subject = old.subject OR new.subject LIKE 'erased:%')
     AND (new.owner IS old.owner OR new.owner LIKE 'erased:%')
     AND (new.data = old.data OR (new.data = 'null' AND new.erased_by IS NOT NULL))
     AND (new.salt IS old.salt OR (new.salt IS NULL AND new.data = 'null'))
     AND (new.erased_by IS old.erased_by OR old.erased_by IS NULL))
  )
)
BEGIN
  SELECT RAISE(ABORT, 'events are written once: UPDATE is refused');
END;
CREATE TRIGGER events_stay_delete BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are written once: DELETE is refused');
END;
CREATE TRIGGER subjects_stay BEFORE DELETE ON subjects
BEGIN
  SELECT RAISE(ABORT, 'DELETE of subjects is refused: the audit trail stays');
END;
CREATE TRIGGER subjects_are_erased_alone BEFORE UPDATE ON subjects
WHEN NOT (new.id = old.id AND new.digest = old.digest AND new.subject IS NULL AND new.salt IS NULL AND new.erased_by IS NOT NULL)
BEGIN
  SELECT RAISE(ABORT, 'UPDATE of subjects is refused: the audit trail stays');
END;
CREATE TRIGGER audit_checkpoints_stay_update BEFORE UPDATE ON audit_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'UPDATE of audit_checkpoints is refused: the audit trail stays');
END;
CREATE TRIGGER audit_checkpoints_stay_delete BEFORE DELETE ON audit_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'DELETE of audit_checkpoints is refused: the audit trail stays');
END;
CREATE TRIGGER audit_checkpoint_keys_stay_update BEFORE UPDATE ON audit_checkpoint_keys
BEGIN
  SELECT RAISE(ABORT, 'UPDATE of audit_checkpoint_keys is refused: the audit trail stays');
END;
CREATE TRIGGER audit_checkpoint_keys_stay_delete BEFORE DELETE ON audit_checkpoint_keys
BEGIN
  SELECT RAISE(ABORT, 'DELETE of audit_checkpoint_keys is refused: the audit trail stays');
END;

-- A word that is taken out of an index of words leaves no trace in it. People have had this from the beginning.
INSERT INTO search_organisations (search_organisations, rank) VALUES ('secure-delete', 1);
INSERT INTO search_innovations (search_innovations, rank) VALUES ('secure-delete', 1);
INSERT INTO search_kpis (search_kpis, rank) VALUES ('secure-delete', 1);
INSERT INTO search_programmes (search_programmes, rank) VALUES ('secure-delete', 1);
INSERT INTO search_learning_events (search_learning_events, rank) VALUES ('secure-delete', 1);
INSERT INTO search_networks (search_networks, rank) VALUES ('secure-delete', 1);
INSERT INTO search_funds (search_funds, rank) VALUES ('secure-delete', 1);
INSERT INTO search_awards (search_awards, rank) VALUES ('secure-delete', 1);
