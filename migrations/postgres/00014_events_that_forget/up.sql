-- Whoever acts is a number in the chain of events; the text stands here, and goes when the person is erased. What stays is
-- its digest, which the chain covers.
CREATE TABLE subjects (
  id BIGINT NOT NULL PRIMARY KEY,
  subject TEXT COLLATE "C" UNIQUE,
  salt BYTEA,
  digest BYTEA NOT NULL,
  erased_by BYTEA
);

-- Null in rows that an earlier version numbered: those are chained by its rule, over the texts themselves.
ALTER TABLE events ADD COLUMN rule INTEGER;
ALTER TABLE events ADD COLUMN subject_id BIGINT;
ALTER TABLE events ADD COLUMN salt BYTEA;
ALTER TABLE events ADD COLUMN digest BYTEA;
-- Whose record it is, and the second end of what has two.
ALTER TABLE events ADD COLUMN owner TEXT COLLATE "C";
ALTER TABLE events ADD COLUMN owner_id BIGINT;
ALTER TABLE events ADD COLUMN other_organisation_id BYTEA;
ALTER TABLE events ADD COLUMN other_programme TEXT COLLATE "C";
-- The event of the erasure that emptied this one.
ALTER TABLE events ADD COLUMN erased_by BYTEA;
CREATE INDEX events_by_owner ON events (owner, occurred_at, id);
CREATE INDEX events_by_other_organisation ON events (other_organisation_id, position);
CREATE INDEX events_by_other_programme ON events (other_programme, position);

-- Where the trail had got to, signed; with the public keys, which outlive those that sign tokens.
CREATE TABLE audit_checkpoints (
  position BIGINT NOT NULL PRIMARY KEY,
  hash BYTEA NOT NULL,
  made_at TIMESTAMP NOT NULL,
  kid TEXT COLLATE "C" NOT NULL,
  signature TEXT COLLATE "C" NOT NULL
);
CREATE TABLE audit_checkpoint_keys (
  kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  public_jwk TEXT COLLATE "C" NOT NULL,
  voucher BYTEA NOT NULL
);

-- What remains to be said about a person who was erased.
CREATE TABLE erasures (
  id BYTEA NOT NULL PRIMARY KEY,
  person_id BYTEA NOT NULL REFERENCES people (id),
  ground TEXT COLLATE "C" NOT NULL,
  texts TEXT COLLATE "C" NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  made_at TIMESTAMP NOT NULL
);
CREATE INDEX erasures_by_person ON erasures (person_id, made_at);

-- What is kept of an erased person for as long as a retention says, out of every list.
CREATE TABLE sealed_records (
  id BYTEA NOT NULL PRIMARY KEY,
  person_id BYTEA NOT NULL REFERENCES people (id),
  resource TEXT COLLATE "C" NOT NULL,
  record_id BYTEA NOT NULL,
  ground TEXT COLLATE "C" NOT NULL,
  until_on DATE NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  sealed_at TIMESTAMP NOT NULL
);
CREATE INDEX sealed_records_by_person ON sealed_records (person_id, id);
CREATE INDEX sealed_records_by_end ON sealed_records (until_on, id);

-- What people asked about their data.
CREATE TABLE person_requests (
  id BYTEA NOT NULL PRIMARY KEY,
  person_id BYTEA NOT NULL REFERENCES people (id),
  kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('erase', 'restrict', 'object', 'rectify', 'access')),
  received_on DATE NOT NULL,
  due_on DATE NOT NULL,
  decision TEXT COLLATE "C" CHECK (decision IN ('granted', 'refused')),
  decided_on DATE,
  ground TEXT COLLATE "C",
  made_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX person_requests_by_person ON person_requests (person_id, due_on, id);

-- An event is written once, numbered once, and emptied by an erasure alone.
CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.position IS NULL AND NEW.hash IS NULL AND NEW.rule IS NULL AND NEW.erased_by IS NULL THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.occurred_at, NEW.operation, NEW.resource, NEW.resource_key, NEW.resource_version, NEW.request_id)
         IS NOT DISTINCT FROM
       (OLD.id, OLD.occurred_at, OLD.operation, OLD.resource, OLD.resource_key, OLD.resource_version, OLD.request_id)
       AND (NEW.end_user_organisation, NEW.organisation_id, NEW.innovation_id, NEW.programme, NEW.other_organisation_id, NEW.other_programme)
         IS NOT DISTINCT FROM
       (OLD.end_user_organisation, OLD.organisation_id, OLD.innovation_id, OLD.programme, OLD.other_organisation_id, OLD.other_programme)
    THEN
      IF OLD.position IS NULL AND NEW.position IS NOT NULL AND NEW.erased_by IS NULL
         AND (NEW.subject, NEW.owner, NEW.data) IS NOT DISTINCT FROM (OLD.subject, OLD.owner, OLD.data)
      THEN
        RETURN NEW;
      END IF;
      IF OLD.position IS NOT NULL
         AND (NEW.position, NEW.hash, NEW.rule, NEW.subject_id, NEW.owner_id, NEW.digest)
           IS NOT DISTINCT FROM (OLD.position, OLD.hash, OLD.rule, OLD.subject_id, OLD.owner_id, OLD.digest)
         AND (NEW.subject = OLD.subject OR NEW.subject LIKE 'erased:%')
         AND (NEW.owner IS NOT DISTINCT FROM OLD.owner OR NEW.owner LIKE 'erased:%')
         AND (NEW.data = OLD.data OR (NEW.data = 'null' AND NEW.erased_by IS NOT NULL))
         AND (NEW.salt IS NOT DISTINCT FROM OLD.salt OR (NEW.salt IS NULL AND NEW.data = 'null'))
         AND (NEW.erased_by IS NOT DISTINCT FROM OLD.erased_by OR OLD.erased_by IS NULL)
      THEN
        RETURN NEW;
      END IF;
    END IF;
  END IF;
  RAISE EXCEPTION 'events are written once: % is refused', TG_OP;
END $$;
CREATE TRIGGER events_stay BEFORE INSERT OR UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_stay();

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: the audit trail stays', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
CREATE TRIGGER subjects_stay BEFORE DELETE ON subjects FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER subjects_are_erased_alone BEFORE UPDATE ON subjects FOR EACH ROW
  WHEN (NOT (NEW.id = OLD.id AND NEW.digest = OLD.digest AND NEW.subject IS NULL AND NEW.salt IS NULL AND NEW.erased_by IS NOT NULL))
  EXECUTE FUNCTION audit_stays();
CREATE TRIGGER subjects_are_not_truncated BEFORE TRUNCATE ON subjects FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_checkpoints_stay BEFORE UPDATE OR DELETE ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_checkpoints_are_not_truncated BEFORE TRUNCATE ON audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_checkpoint_keys_stay BEFORE UPDATE OR DELETE ON audit_checkpoint_keys FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_checkpoint_keys_are_not_truncated BEFORE TRUNCATE ON audit_checkpoint_keys FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
