-- A system that asks for tokens. It belongs to one organisation, which answers for what it does.
CREATE TABLE clients (
  id BYTEA NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  jwks_url TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'suspended')),
  made_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX clients_by_name ON clients (sort_name, id);
CREATE INDEX clients_by_organisation ON clients (organisation_id, sort_name, id);
CREATE INDEX clients_by_updated ON clients (updated_at, id);

-- The public keys that a client signs its assertions with.
CREATE TABLE client_keys (
  id BYTEA NOT NULL PRIMARY KEY,
  client_id BYTEA NOT NULL REFERENCES clients (id),
  kid TEXT COLLATE "C" NOT NULL,
  algorithm TEXT COLLATE "C" NOT NULL,
  public_jwk TEXT COLLATE "C" NOT NULL,
  retired_at TIMESTAMP,
  made_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (client_id, kid)
);

-- What is left of a client's secrets: a hash that cannot be turned back.
CREATE TABLE client_secrets (
  id BYTEA NOT NULL PRIMARY KEY,
  client_id BYTEA NOT NULL REFERENCES clients (id),
  secret_hash TEXT COLLATE "C" NOT NULL,
  to_at TIMESTAMP NOT NULL,
  made_by TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX client_secrets_by_client ON client_secrets (client_id, to_at);

-- Assertions that were used, until they would have expired: each is good once, on whichever instance.
CREATE TABLE used_assertions (
  client_id BYTEA NOT NULL,
  jti_digest BYTEA NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  PRIMARY KEY (client_id, jti_digest)
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- The organisation that the subject of a grant belongs to, unless it is a client, which has its own; when a grant was
-- taken back; and versions, as every resource has them.
ALTER TABLE grants ADD COLUMN body_id BYTEA;
ALTER TABLE grants ADD COLUMN revoked_at TIMESTAMP;
ALTER TABLE grants ADD COLUMN revoked_by TEXT COLLATE "C";
ALTER TABLE grants ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE grants ADD COLUMN updated_at TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00';
UPDATE grants SET updated_at = created_at;
CREATE INDEX grants_by_start ON grants (from_at, id);
CREATE INDEX grants_by_updated ON grants (updated_at, id);
CREATE INDEX grants_by_organisation ON grants (organisation_id);
CREATE INDEX grants_by_programme ON grants (programme);
CREATE INDEX grants_by_innovation ON grants (innovation_id);
