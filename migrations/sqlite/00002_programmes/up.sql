CREATE TABLE programmes (
  id BLOB NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sort_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  summary TEXT NOT NULL,
  starts_on DATE,
  ends_on DATE,
  website TEXT,
  illustrative BOOLEAN NOT NULL,
  search_text TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX programmes_by_name ON programmes (sort_name, id);
CREATE INDEX programmes_by_kind ON programmes (kind, sort_name, id);
CREATE INDEX programmes_by_updated ON programmes (updated_at, id);

-- Who carries a programme, in which role and when; to_on is the day it no longer does.
CREATE TABLE programme_partners (
  id BLOB NOT NULL PRIMARY KEY,
  programme TEXT NOT NULL REFERENCES programmes (slug),
  organisation_id BLOB NOT NULL REFERENCES organisations (id),
  role TEXT NOT NULL,
  from_on DATE NOT NULL,
  to_on DATE NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (programme, organisation_id, role, from_on)
);
CREATE INDEX programme_partners_by_role ON programme_partners (programme, role, from_on, id);
CREATE INDEX programme_partners_by_organisation ON programme_partners (organisation_id);

CREATE TABLE cohorts (
  id BLOB NOT NULL PRIMARY KEY,
  programme TEXT NOT NULL REFERENCES programmes (slug),
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  target_size INTEGER,
  opens_at TIMESTAMP,
  starts_on DATE,
  ends_on DATE,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (programme, number)
);

-- opens_at and closes_at are instants; zone is the IANA zone they were set in. form_version is the newest of call_forms.
CREATE TABLE calls (
  id BLOB NOT NULL PRIMARY KEY,
  programme TEXT NOT NULL REFERENCES programmes (slug),
  cohort_id BLOB REFERENCES cohorts (id),
  title TEXT NOT NULL,
  sort_title TEXT NOT NULL,
  opens_at TIMESTAMP NOT NULL,
  closes_at TIMESTAMP NOT NULL,
  zone TEXT NOT NULL,
  priorities TEXT NOT NULL,
  criteria TEXT NOT NULL,
  form_version INTEGER NOT NULL,
  offer_days INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX calls_by_programme ON calls (programme, closes_at, id);
CREATE INDEX calls_by_closing ON calls (closes_at, id);

CREATE TABLE call_forms (
  call_id BLOB NOT NULL REFERENCES calls (id),
  number INTEGER NOT NULL,
  document TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at TIMESTAMP NOT NULL,
  PRIMARY KEY (call_id, number)
);

-- applicant is the subject that wrote it; score_ppm the weighted mean of its submitted reviews, in millionths.
CREATE TABLE applications (
  id BLOB NOT NULL PRIMARY KEY,
  reference TEXT NOT NULL UNIQUE,
  call_id BLOB NOT NULL REFERENCES calls (id),
  programme TEXT NOT NULL REFERENCES programmes (slug),
  applicant TEXT NOT NULL,
  organisation_id BLOB REFERENCES organisations (id),
  innovation_id BLOB REFERENCES innovations (id),
  title TEXT NOT NULL,
  sort_title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'eligibility-check', 'under-review', 'shortlisted', 'interview', 'offered', 'accepted', 'ineligible', 'rejected', 'withdrawn', 'offer-declined', 'offer-lapsed')),
  priorities TEXT NOT NULL,
  form_version INTEGER NOT NULL,
  data_version INTEGER NOT NULL,
  submitted_at TIMESTAMP,
  offer_expires_at TIMESTAMP,
  score_ppm BIGINT NOT NULL,
  reviews_submitted INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE INDEX applications_by_call ON applications (call_id, created_at, id);
CREATE INDEX applications_by_score ON applications (call_id, score_ppm, id);
CREATE INDEX applications_by_state ON applications (call_id, state, created_at, id);
CREATE INDEX applications_by_applicant ON applications (applicant, created_at, id);
CREATE INDEX applications_by_offer ON applications (offer_expires_at) WHERE state = 'offered';

CREATE TABLE application_versions (
  application_id BLOB NOT NULL REFERENCES applications (id),
  number INTEGER NOT NULL,
  form_version INTEGER NOT NULL,
  document TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at TIMESTAMP NOT NULL,
  PRIMARY KEY (application_id, number)
);

-- reviewer is the subject it is assigned to.
CREATE TABLE reviews (
  id BLOB NOT NULL PRIMARY KEY,
  application_id BLOB NOT NULL REFERENCES applications (id),
  reviewer TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('assigned', 'submitted', 'recused')),
  conflict TEXT,
  scores TEXT NOT NULL,
  score_ppm BIGINT,
  recommendation TEXT,
  comment TEXT,
  submitted_at TIMESTAMP,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (application_id, reviewer)
);
CREATE INDEX reviews_by_reviewer ON reviews (reviewer, state, id);

CREATE VIRTUAL TABLE search_programmes USING fts5 (search_text, content='programmes', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_programmes_insert AFTER INSERT ON programmes BEGIN
  INSERT INTO search_programmes (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_programmes_update AFTER UPDATE OF search_text ON programmes BEGIN
  INSERT INTO search_programmes (search_programmes, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_programmes (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_programmes_delete AFTER DELETE ON programmes BEGIN
  INSERT INTO search_programmes (search_programmes, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
