-- Where clients want to be told of changes: each a reader of the feed with a cursor, leased by the instance that delivers.
CREATE TABLE webhooks (
  id BYTEA NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  url TEXT COLLATE "C" NOT NULL,
  resources TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'suspended')),
  made_by TEXT COLLATE "C" NOT NULL,
  after_cursor TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  secret_sealed BYTEA NOT NULL,
  former_sealed BYTEA,
  former_until TIMESTAMP,
  attempts INTEGER NOT NULL,
  failing_since TIMESTAMP,
  next_attempt_at TIMESTAMP NOT NULL,
  lease BIGINT NOT NULL,
  lease_until TIMESTAMP NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX webhooks_by_name ON webhooks (sort_name, id);
CREATE INDEX webhooks_by_updated ON webhooks (updated_at, id);
CREATE INDEX webhooks_by_maker ON webhooks (made_by, sort_name, id);
CREATE INDEX webhooks_by_turn ON webhooks (state, next_attempt_at);

-- What was sent, or is to be: one row a message, with how often it was tried.
CREATE TABLE webhook_deliveries (
  id BYTEA NOT NULL PRIMARY KEY,
  webhook_id BYTEA NOT NULL REFERENCES webhooks (id),
  message TEXT COLLATE "C" NOT NULL,
  position BIGINT NOT NULL,
  after_cursor TEXT COLLATE "C" NOT NULL,
  resource TEXT COLLATE "C",
  record_key TEXT COLLATE "C",
  change TEXT COLLATE "C" NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('delivered', 'failed')),
  attempts INTEGER NOT NULL,
  status INTEGER,
  problem TEXT COLLATE "C",
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, updated_at, id);
CREATE INDEX webhook_deliveries_by_message ON webhook_deliveries (webhook_id, message);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (updated_at, id);
