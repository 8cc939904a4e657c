DROP INDEX events_by_resource;
CREATE INDEX events_by_resource ON events (resource, resource_key, position);
DROP INDEX events_by_subject;
CREATE INDEX events_by_subject ON events (subject, position);
DROP INDEX events_by_time;
CREATE INDEX events_by_time ON events (occurred_at, position);
