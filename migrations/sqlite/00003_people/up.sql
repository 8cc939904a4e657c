-- Names and contacts live here alone, so that an erasure empties one row and every total stays.
CREATE TABLE people (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  email TEXT,
  subject TEXT,
  consented_at TIMESTAMP,
  erased_at TIMESTAMP,
  illustrative BOOLEAN NOT NULL,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX people_by_name ON people (sort_name, id);
CREATE INDEX people_by_subject ON people (subject);

-- The profile of a person who is or was a fellow.
CREATE TABLE fellows (
  id BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL UNIQUE REFERENCES people (id),
  profession TEXT,
  biography TEXT,
  website TEXT,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX fellows_by_created ON fellows (created_at, id);

-- whole_time_equivalent_ppm: 1,000,000 is full time. to_on is the day it no longer holds.
CREATE TABLE fellowships (
  id BLOB NOT NULL PRIMARY KEY,
  fellow_id BLOB NOT NULL REFERENCES fellows (id),
  programme TEXT NOT NULL REFERENCES programmes (slug),
  cohort_id BLOB NOT NULL REFERENCES cohorts (id),
  application_id BLOB REFERENCES applications (id),
  host_id BLOB REFERENCES organisations (id),
  industry_partner_id BLOB REFERENCES organisations (id),
  whole_time_equivalent_ppm BIGINT NOT NULL CHECK (whole_time_equivalent_ppm BETWEEN 1 AND 1000000),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'active', 'paused', 'completed', 'withdrawn')),
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (fellow_id, cohort_id)
);
CREATE INDEX fellowships_by_programme ON fellowships (programme, from_on, id);
CREATE INDEX fellowships_by_cohort ON fellowships (cohort_id, from_on, id);
CREATE INDEX fellowships_by_start ON fellowships (from_on, id);
CREATE INDEX fellowships_by_host ON fellowships (host_id);

CREATE TABLE fellowship_innovations (
  fellowship_id BLOB NOT NULL REFERENCES fellowships (id),
  innovation_id BLOB NOT NULL REFERENCES innovations (id),
  PRIMARY KEY (fellowship_id, innovation_id)
);
CREATE INDEX fellowship_innovations_by_innovation ON fellowship_innovations (innovation_id, fellowship_id);

CREATE TABLE mentorships (
  id BLOB NOT NULL PRIMARY KEY,
  mentor_id BLOB NOT NULL REFERENCES people (id),
  fellowship_id BLOB NOT NULL REFERENCES fellowships (id),
  programme TEXT NOT NULL REFERENCES programmes (slug),
  focus TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (mentor_id, fellowship_id, from_on)
);
CREATE INDEX mentorships_by_fellowship ON mentorships (fellowship_id, from_on, id);
CREATE INDEX mentorships_by_programme ON mentorships (programme, from_on, id);
CREATE INDEX mentorships_by_start ON mentorships (from_on, id);

CREATE TABLE learning_events (
  id BLOB NOT NULL PRIMARY KEY,
  programme TEXT NOT NULL REFERENCES programmes (slug),
  title TEXT NOT NULL,
  sort_title TEXT NOT NULL,
  kind TEXT NOT NULL,
  starts_at TIMESTAMP NOT NULL,
  ends_at TIMESTAMP NOT NULL,
  zone TEXT NOT NULL,
  host_id BLOB REFERENCES organisations (id),
  illustrative BOOLEAN NOT NULL,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX learning_events_by_start ON learning_events (starts_at, id);
CREATE INDEX learning_events_by_programme ON learning_events (programme, starts_at, id);
CREATE INDEX learning_events_by_kind ON learning_events (kind, starts_at, id);

CREATE TABLE attendances (
  id BLOB NOT NULL PRIMARY KEY,
  event_id BLOB NOT NULL REFERENCES learning_events (id),
  person_id BLOB NOT NULL REFERENCES people (id),
  role TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('invited', 'registered', 'attended', 'absent')),
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (event_id, person_id)
);
CREATE INDEX attendances_by_event ON attendances (event_id, id);
CREATE INDEX attendances_by_person ON attendances (person_id, event_id);

CREATE TABLE networks (
  id BLOB NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  purpose TEXT NOT NULL,
  programme TEXT REFERENCES programmes (slug),
  illustrative BOOLEAN NOT NULL,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX networks_by_name ON networks (sort_name, id);
CREATE INDEX networks_by_programme ON networks (programme, sort_name, id);

-- How many members a network had on a day.
CREATE TABLE network_memberships (
  id BLOB NOT NULL PRIMARY KEY,
  network_id BLOB NOT NULL REFERENCES networks (id),
  counted_on DATE NOT NULL,
  members BIGINT NOT NULL CHECK (members >= 0),
  qualifier TEXT NOT NULL,
  basis TEXT NOT NULL,
  source TEXT,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (network_id, counted_on)
);

CREATE TABLE leaders (
  id BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES people (id),
  kind TEXT NOT NULL,
  organisation_id BLOB REFERENCES organisations (id),
  programme TEXT REFERENCES programmes (slug),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (person_id, kind, from_on)
);
CREATE INDEX leaders_by_start ON leaders (from_on, id);
CREATE INDEX leaders_by_kind ON leaders (kind, from_on, id);
CREATE INDEX leaders_by_organisation ON leaders (organisation_id);
CREATE INDEX leaders_by_programme ON leaders (programme, from_on, id);

CREATE VIRTUAL TABLE search_people USING fts5 (search_text, content='people', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_people_insert AFTER INSERT ON people BEGIN
  INSERT INTO search_people (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_people_update AFTER UPDATE OF search_text ON people BEGIN
  INSERT INTO search_people (search_people, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_people (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_people_delete AFTER DELETE ON people BEGIN
  INSERT INTO search_people (search_people, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;

-- An erased name leaves no trace in the index.
INSERT INTO search_people (search_people, rank) VALUES ('secure-delete', 1);

CREATE VIRTUAL TABLE search_learning_events USING fts5 (search_text, content='learning_events', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_learning_events_insert AFTER INSERT ON learning_events BEGIN
  INSERT INTO search_learning_events (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_learning_events_update AFTER UPDATE OF search_text ON learning_events BEGIN
  INSERT INTO search_learning_events (search_learning_events, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_learning_events (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_learning_events_delete AFTER DELETE ON learning_events BEGIN
  INSERT INTO search_learning_events (search_learning_events, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;

CREATE VIRTUAL TABLE search_networks USING fts5 (search_text, content='networks', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_networks_insert AFTER INSERT ON networks BEGIN
  INSERT INTO search_networks (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_networks_update AFTER UPDATE OF search_text ON networks BEGIN
  INSERT INTO search_networks (search_networks, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_networks (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_networks_delete AFTER DELETE ON networks BEGIN
  INSERT INTO search_networks (search_networks, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
