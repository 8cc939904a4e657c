-- The audit trail is listed by when things happened, so the indexes of its filters end in that order.
DROP INDEX events_by_resource;
CREATE INDEX events_by_resource ON events (resource, resource_key, occurred_at, id);
DROP INDEX events_by_subject;
CREATE INDEX events_by_subject ON events (subject, occurred_at, id);
DROP INDEX events_by_time;
CREATE INDEX events_by_time ON events (occurred_at, id);
