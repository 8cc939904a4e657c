-- What a search finds is a row's key, kept in a table of its own. A rowid, by which rows were found before, changes
-- when the file is rewritten (VACUUM) or made again from a dump.
-- The index holds words and keys alone (content=''): what it takes out, it is told.

DROP TRIGGER search_organisations_insert;
DROP TRIGGER search_organisations_update;
DROP TRIGGER search_organisations_delete;
DROP TABLE search_organisations;
CREATE TABLE search_keys_organisations (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES organisations (id)
);
CREATE VIRTUAL TABLE search_organisations USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_organisations (id) SELECT id FROM organisations ORDER BY id;
INSERT INTO search_organisations (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_organisations k JOIN organisations t ON t.id = k.id;
CREATE TRIGGER search_organisations_insert AFTER INSERT ON organisations BEGIN
  INSERT INTO search_keys_organisations (id) VALUES (new.id);
  INSERT INTO search_organisations (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_organisations_update AFTER UPDATE OF search_text ON organisations WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_organisations (search_organisations, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_organisations WHERE id = old.id;
  INSERT INTO search_organisations (rowid, search_text) SELECT key, new.search_text FROM search_keys_organisations WHERE id = new.id;
END;
CREATE TRIGGER search_organisations_delete AFTER DELETE ON organisations BEGIN
  INSERT INTO search_organisations (search_organisations, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_organisations WHERE id = old.id;
  DELETE FROM search_keys_organisations WHERE id = old.id;
END;

DROP TRIGGER search_innovations_insert;
DROP TRIGGER search_innovations_update;
DROP TRIGGER search_innovations_delete;
DROP TABLE search_innovations;
CREATE TABLE search_keys_innovations (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES innovations (id)
);
CREATE VIRTUAL TABLE search_innovations USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_innovations (id) SELECT id FROM innovations ORDER BY id;
INSERT INTO search_innovations (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_innovations k JOIN innovations t ON t.id = k.id;
CREATE TRIGGER search_innovations_insert AFTER INSERT ON innovations BEGIN
  INSERT INTO search_keys_innovations (id) VALUES (new.id);
  INSERT INTO search_innovations (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_innovations_update AFTER UPDATE OF search_text ON innovations WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_innovations (search_innovations, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_innovations WHERE id = old.id;
  INSERT INTO search_innovations (rowid, search_text) SELECT key, new.search_text FROM search_keys_innovations WHERE id = new.id;
END;
CREATE TRIGGER search_innovations_delete AFTER DELETE ON innovations BEGIN
  INSERT INTO search_innovations (search_innovations, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_innovations WHERE id = old.id;
  DELETE FROM search_keys_innovations WHERE id = old.id;
END;

DROP TRIGGER search_kpis_insert;
DROP TRIGGER search_kpis_update;
DROP TRIGGER search_kpis_delete;
DROP TABLE search_kpis;
CREATE TABLE search_keys_kpis (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES kpis (id)
);
CREATE VIRTUAL TABLE search_kpis USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_kpis (id) SELECT id FROM kpis ORDER BY id;
INSERT INTO search_kpis (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_kpis k JOIN kpis t ON t.id = k.id;
CREATE TRIGGER search_kpis_insert AFTER INSERT ON kpis BEGIN
  INSERT INTO search_keys_kpis (id) VALUES (new.id);
  INSERT INTO search_kpis (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_kpis_update AFTER UPDATE OF search_text ON kpis WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_kpis (search_kpis, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_kpis WHERE id = old.id;
  INSERT INTO search_kpis (rowid, search_text) SELECT key, new.search_text FROM search_keys_kpis WHERE id = new.id;
END;
CREATE TRIGGER search_kpis_delete AFTER DELETE ON kpis BEGIN
  INSERT INTO search_kpis (search_kpis, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_kpis WHERE id = old.id;
  DELETE FROM search_keys_kpis WHERE id = old.id;
END;

DROP TRIGGER search_programmes_insert;
DROP TRIGGER search_programmes_update;
DROP TRIGGER search_programmes_delete;
DROP TABLE search_programmes;
CREATE TABLE search_keys_programmes (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES programmes (id)
);
CREATE VIRTUAL TABLE search_programmes USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_programmes (id) SELECT id FROM programmes ORDER BY id;
INSERT INTO search_programmes (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_programmes k JOIN programmes t ON t.id = k.id;
CREATE TRIGGER search_programmes_insert AFTER INSERT ON programmes BEGIN
  INSERT INTO search_keys_programmes (id) VALUES (new.id);
  INSERT INTO search_programmes (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_programmes_update AFTER UPDATE OF search_text ON programmes WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_programmes (search_programmes, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_programmes WHERE id = old.id;
  INSERT INTO search_programmes (rowid, search_text) SELECT key, new.search_text FROM search_keys_programmes WHERE id = new.id;
END;
CREATE TRIGGER search_programmes_delete AFTER DELETE ON programmes BEGIN
  INSERT INTO search_programmes (search_programmes, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_programmes WHERE id = old.id;
  DELETE FROM search_keys_programmes WHERE id = old.id;
END;

DROP TRIGGER search_people_insert;
DROP TRIGGER search_people_update;
DROP TRIGGER search_people_delete;
DROP TABLE search_people;
CREATE TABLE search_keys_people (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES people (id)
);
CREATE VIRTUAL TABLE search_people USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
-- An erased name leaves no trace in the index.
INSERT INTO search_people (search_people, rank) VALUES ('secure-delete', 1);
INSERT INTO search_keys_people (id) SELECT id FROM people ORDER BY id;
INSERT INTO search_people (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_people k JOIN people t ON t.id = k.id;
CREATE TRIGGER search_people_insert AFTER INSERT ON people BEGIN
  INSERT INTO search_keys_people (id) VALUES (new.id);
  INSERT INTO search_people (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_people_update AFTER UPDATE OF search_text ON people WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_people (search_people, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_people WHERE id = old.id;
  INSERT INTO search_people (rowid, search_text) SELECT key, new.search_text FROM search_keys_people WHERE id = new.id;
END;
CREATE TRIGGER search_people_delete AFTER DELETE ON people BEGIN
  INSERT INTO search_people (search_people, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_people WHERE id = old.id;
  DELETE FROM search_keys_people WHERE id = old.id;
END;

DROP TRIGGER search_learning_events_insert;
DROP TRIGGER search_learning_events_update;
DROP TRIGGER search_learning_events_delete;
DROP TABLE search_learning_events;
CREATE TABLE search_keys_learning_events (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES learning_events (id)
);
CREATE VIRTUAL TABLE search_learning_events USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_learning_events (id) SELECT id FROM learning_events ORDER BY id;
INSERT INTO search_learning_events (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_learning_events k JOIN learning_events t ON t.id = k.id;
CREATE TRIGGER search_learning_events_insert AFTER INSERT ON learning_events BEGIN
  INSERT INTO search_keys_learning_events (id) VALUES (new.id);
  INSERT INTO search_learning_events (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_learning_events_update AFTER UPDATE OF search_text ON learning_events WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_learning_events (search_learning_events, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_learning_events WHERE id = old.id;
  INSERT INTO search_learning_events (rowid, search_text) SELECT key, new.search_text FROM search_keys_learning_events WHERE id = new.id;
END;
CREATE TRIGGER search_learning_events_delete AFTER DELETE ON learning_events BEGIN
  INSERT INTO search_learning_events (search_learning_events, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_learning_events WHERE id = old.id;
  DELETE FROM search_keys_learning_events WHERE id = old.id;
END;

DROP TRIGGER search_networks_insert;
DROP TRIGGER search_networks_update;
DROP TRIGGER search_networks_delete;
DROP TABLE search_networks;
CREATE TABLE search_keys_networks (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES networks (id)
);
CREATE VIRTUAL TABLE search_networks USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_networks (id) SELECT id FROM networks ORDER BY id;
INSERT INTO search_networks (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_networks k JOIN networks t ON t.id = k.id;
CREATE TRIGGER search_networks_insert AFTER INSERT ON networks BEGIN
  INSERT INTO search_keys_networks (id) VALUES (new.id);
  INSERT INTO search_networks (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_networks_update AFTER UPDATE OF search_text ON networks WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_networks (search_networks, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_networks WHERE id = old.id;
  INSERT INTO search_networks (rowid, search_text) SELECT key, new.search_text FROM search_keys_networks WHERE id = new.id;
END;
CREATE TRIGGER search_networks_delete AFTER DELETE ON networks BEGIN
  INSERT INTO search_networks (search_networks, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_networks WHERE id = old.id;
  DELETE FROM search_keys_networks WHERE id = old.id;
END;

DROP TRIGGER search_funds_insert;
DROP TRIGGER search_funds_update;
DROP TRIGGER search_funds_delete;
DROP TABLE search_funds;
CREATE TABLE search_keys_funds (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES funds (id)
);
CREATE VIRTUAL TABLE search_funds USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_funds (id) SELECT id FROM funds ORDER BY id;
INSERT INTO search_funds (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_funds k JOIN funds t ON t.id = k.id;
CREATE TRIGGER search_funds_insert AFTER INSERT ON funds BEGIN
  INSERT INTO search_keys_funds (id) VALUES (new.id);
  INSERT INTO search_funds (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_funds_update AFTER UPDATE OF search_text ON funds WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_funds (search_funds, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_funds WHERE id = old.id;
  INSERT INTO search_funds (rowid, search_text) SELECT key, new.search_text FROM search_keys_funds WHERE id = new.id;
END;
CREATE TRIGGER search_funds_delete AFTER DELETE ON funds BEGIN
  INSERT INTO search_funds (search_funds, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_funds WHERE id = old.id;
  DELETE FROM search_keys_funds WHERE id = old.id;
END;

DROP TRIGGER search_awards_insert;
DROP TRIGGER search_awards_update;
DROP TRIGGER search_awards_delete;
DROP TABLE search_awards;
CREATE TABLE search_keys_awards (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE REFERENCES awards (id)
);
CREATE VIRTUAL TABLE search_awards USING fts5 (search_text, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
INSERT INTO search_keys_awards (id) SELECT id FROM awards ORDER BY id;
INSERT INTO search_awards (rowid, search_text) SELECT k.key, t.search_text FROM search_keys_awards k JOIN awards t ON t.id = k.id;
CREATE TRIGGER search_awards_insert AFTER INSERT ON awards BEGIN
  INSERT INTO search_keys_awards (id) VALUES (new.id);
  INSERT INTO search_awards (rowid, search_text) VALUES (last_insert_rowid(), new.search_text);
END;
CREATE TRIGGER search_awards_update AFTER UPDATE OF search_text ON awards WHEN new.search_text <> old.search_text BEGIN
  INSERT INTO search_awards (search_awards, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_awards WHERE id = old.id;
  INSERT INTO search_awards (rowid, search_text) SELECT key, new.search_text FROM search_keys_awards WHERE id = new.id;
END;
CREATE TRIGGER search_awards_delete AFTER DELETE ON awards BEGIN
  INSERT INTO search_awards (search_awards, rowid, search_text) SELECT 'delete', key, old.search_text FROM search_keys_awards WHERE id = old.id;
  DELETE FROM search_keys_awards WHERE id = old.id;
END;
