-- Where clients want to be told of changes: each a reader of the feed with a cursor, leased by the instance that delivers.
CREATE TABLE webhooks (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  url TEXT NOT NULL,
  resources TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
  made_by TEXT NOT NULL,
  after_cursor TEXT NOT NULL,
  position BIGINT NOT NULL,
  secret_sealed BLOB NOT NULL,
  former_sealed BLOB,
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
  id BLOB NOT NULL PRIMARY KEY,
  webhook_id BLOB NOT NULL REFERENCES webhooks (id),
  message TEXT NOT NULL,
  position BIGINT NOT NULL,
  after_cursor TEXT NOT NULL,
  resource TEXT,
  record_key TEXT,
  change TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'failed')),
  attempts INTEGER NOT NULL,
  status INTEGER,
  problem TEXT,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, updated_at, id);
CREATE INDEX webhook_deliveries_by_message ON webhook_deliveries (webhook_id, message);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (updated_at, id);
