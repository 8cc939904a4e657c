-- Names and contacts live here alone, so that an erasure empties one row and every total stays.
CREATE TABLE people (
  id BYTEA NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  email TEXT COLLATE "C",
  subject TEXT COLLATE "C",
  consented_at TIMESTAMP,
  erased_at TIMESTAMP,
  illustrative BOOLEAN NOT NULL,
  search_text TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX people_by_name ON people (sort_name, id);
CREATE INDEX people_by_subject ON people (subject);

-- The profile of a person who is or was a fellow.
CREATE TABLE fellows (
  id BYTEA NOT NULL PRIMARY KEY,
  person_id BYTEA NOT NULL UNIQUE REFERENCES people (id),
  profession TEXT COLLATE "C",
  biography TEXT COLLATE "C",
  website TEXT COLLATE "C",
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX fellows_by_created ON fellows (created_at, id);

-- whole_time_equivalent_ppm: 1,000,000 is full time. to_on is the day it no longer holds.
CREATE TABLE fellowships (
  id BYTEA NOT NULL PRIMARY KEY,
  fellow_id BYTEA NOT NULL REFERENCES fellows (id),
  programme TEXT COLLATE "C" NOT NULL REFERENCES programmes (slug),
  cohort_id BYTEA NOT NULL REFERENCES cohorts (id),
  application_id BYTEA REFERENCES applications (id),
  host_id BYTEA REFERENCES organisations (id),
  industry_partner_id BYTEA REFERENCES organisations (id),
  whole_time_equivalent_ppm BIGINT NOT NULL CHECK (whole_time_equivalent_ppm BETWEEN 1 AND 1000000),
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('planned', 'active', 'paused', 'completed', 'withdrawn')),
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
  fellowship_id BYTEA NOT NULL REFERENCES fellowships (id),
  innovation_id BYTEA NOT NULL REFERENCES innovations (id),
  PRIMARY KEY (fellowship_id, innovation_id)
);
CREATE INDEX fellowship_innovations_by_innovation ON fellowship_innovations (innovation_id, fellowship_id);

CREATE TABLE mentorships (
  id BYTEA NOT NULL PRIMARY KEY,
  mentor_id BYTEA NOT NULL REFERENCES people (id),
  fellowship_id BYTEA NOT NULL REFERENCES fellowships (id),
  programme TEXT COLLATE "C" NOT NULL REFERENCES programmes (slug),
  focus TEXT COLLATE "C" NOT NULL,
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
  id BYTEA NOT NULL PRIMARY KEY,
  programme TEXT COLLATE "C" NOT NULL REFERENCES programmes (slug),
  title TEXT COLLATE "C" NOT NULL,
  sort_title TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  starts_at TIMESTAMP NOT NULL,
  ends_at TIMESTAMP NOT NULL,
  zone TEXT COLLATE "C" NOT NULL,
  host_id BYTEA REFERENCES organisations (id),
  illustrative BOOLEAN NOT NULL,
  search_text TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX learning_events_by_start ON learning_events (starts_at, id);
CREATE INDEX learning_events_by_programme ON learning_events (programme, starts_at, id);
CREATE INDEX learning_events_by_kind ON learning_events (kind, starts_at, id);

CREATE TABLE attendances (
  id BYTEA NOT NULL PRIMARY KEY,
  event_id BYTEA NOT NULL REFERENCES learning_events (id),
  person_id BYTEA NOT NULL REFERENCES people (id),
  role TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('invited', 'registered', 'attended', 'absent')),
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (event_id, person_id)
);
CREATE INDEX attendances_by_event ON attendances (event_id, id);
CREATE INDEX attendances_by_person ON attendances (person_id, event_id);

CREATE TABLE networks (
  id BYTEA NOT NULL PRIMARY KEY,
  slug TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  sort_name TEXT COLLATE "C" NOT NULL,
  purpose TEXT COLLATE "C" NOT NULL,
  programme TEXT COLLATE "C" REFERENCES programmes (slug),
  illustrative BOOLEAN NOT NULL,
  search_text TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX networks_by_name ON networks (sort_name, id);
CREATE INDEX networks_by_programme ON networks (programme, sort_name, id);

-- How many members a network had on a day.
CREATE TABLE network_memberships (
  id BYTEA NOT NULL PRIMARY KEY,
  network_id BYTEA NOT NULL REFERENCES networks (id),
  counted_on DATE NOT NULL,
  members BIGINT NOT NULL CHECK (members >= 0),
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C",
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (network_id, counted_on)
);

CREATE TABLE leaders (
  id BYTEA NOT NULL PRIMARY KEY,
  person_id BYTEA NOT NULL REFERENCES people (id),
  kind TEXT COLLATE "C" NOT NULL,
  organisation_id BYTEA REFERENCES organisations (id),
  programme TEXT COLLATE "C" REFERENCES programmes (slug),
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

CREATE INDEX people_search ON people USING gin (to_tsvector('simple', search_text));
CREATE INDEX learning_events_search ON learning_events USING gin (to_tsvector('simple', search_text));
CREATE INDEX networks_search ON networks USING gin (to_tsvector('simple', search_text));
