-- How far a reader of changes saw when a cursor was made: a cursor names it by its digest, so that a later answer can tell
-- what the reader gained and lost.
CREATE TABLE feed_scopes (
  digest BLOB NOT NULL PRIMARY KEY,
  content TEXT NOT NULL,
  used_at TIMESTAMP NOT NULL
);
CREATE INDEX feed_scopes_by_use ON feed_scopes (used_at);
