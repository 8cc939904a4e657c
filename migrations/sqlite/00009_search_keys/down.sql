-- Back to searches that find rows by rowid.

DROP TRIGGER search_organisations_insert;
DROP TRIGGER search_organisations_update;
DROP TRIGGER search_organisations_delete;
DROP TABLE search_organisations;
DROP TABLE search_keys_organisations;
CREATE VIRTUAL TABLE search_organisations USING fts5 (search_text, content='organisations', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_organisations_insert AFTER INSERT ON organisations BEGIN
  INSERT INTO search_organisations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_organisations_update AFTER UPDATE OF search_text ON organisations BEGIN
  INSERT INTO search_organisations (search_organisations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_organisations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_organisations_delete AFTER DELETE ON organisations BEGIN
  INSERT INTO search_organisations (search_organisations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
INSERT INTO search_organisations (search_organisations) VALUES ('rebuild');

DROP TRIGGER search_innovations_insert;
DROP TRIGGER search_innovations_update;
DROP TRIGGER search_innovations_delete;
DROP TABLE search_innovations;
DROP TABLE search_keys_innovations;
CREATE VIRTUAL TABLE search_innovations USING fts5 (search_text, content='innovations', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_innovations_insert AFTER INSERT ON innovations BEGIN
  INSERT INTO search_innovations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_innovations_update AFTER UPDATE OF search_text ON innovations BEGIN
  INSERT INTO search_innovations (search_innovations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_innovations (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_innovations_delete AFTER DELETE ON innovations BEGIN
  INSERT INTO search_innovations (search_innovations, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
INSERT INTO search_innovations (search_innovations) VALUES ('rebuild');

DROP TRIGGER search_kpis_insert;
DROP TRIGGER search_kpis_update;
DROP TRIGGER search_kpis_delete;
DROP TABLE search_kpis;
DROP TABLE search_keys_kpis;
CREATE VIRTUAL TABLE search_kpis USING fts5 (search_text, content='kpis', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_kpis_insert AFTER INSERT ON kpis BEGIN
  INSERT INTO search_kpis (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_kpis_update AFTER UPDATE OF search_text ON kpis BEGIN
  INSERT INTO search_kpis (search_kpis, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_kpis (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_kpis_delete AFTER DELETE ON kpis BEGIN
  INSERT INTO search_kpis (search_kpis, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
INSERT INTO search_kpis (search_kpis) VALUES ('rebuild');

DROP TRIGGER search_programmes_insert;
DROP TRIGGER search_programmes_update;
DROP TRIGGER search_programmes_delete;
DROP TABLE search_programmes;
DROP TABLE search_keys_programmes;
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
INSERT INTO search_programmes (search_programmes) VALUES ('rebuild');

DROP TRIGGER search_people_insert;
DROP TRIGGER search_people_update;
DROP TRIGGER search_people_delete;
DROP TABLE search_people;
DROP TABLE search_keys_people;
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
INSERT INTO search_people (search_people) VALUES ('rebuild');
INSERT INTO search_people (search_people, rank) VALUES ('secure-delete', 1);

DROP TRIGGER search_learning_events_insert;
DROP TRIGGER search_learning_events_update;
DROP TRIGGER search_learning_events_delete;
DROP TABLE search_learning_events;
DROP TABLE search_keys_learning_events;
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
INSERT INTO search_learning_events (search_learning_events) VALUES ('rebuild');

DROP TRIGGER search_networks_insert;
DROP TRIGGER search_networks_update;
DROP TRIGGER search_networks_delete;
DROP TABLE search_networks;
DROP TABLE search_keys_networks;
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
INSERT INTO search_networks (search_networks) VALUES ('rebuild');

DROP TRIGGER search_funds_insert;
DROP TRIGGER search_funds_update;
DROP TRIGGER search_funds_delete;
DROP TABLE search_funds;
DROP TABLE search_keys_funds;
CREATE VIRTUAL TABLE search_funds USING fts5 (search_text, content='funds', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_funds_insert AFTER INSERT ON funds BEGIN
  INSERT INTO search_funds (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_funds_update AFTER UPDATE OF search_text ON funds BEGIN
  INSERT INTO search_funds (search_funds, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_funds (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_funds_delete AFTER DELETE ON funds BEGIN
  INSERT INTO search_funds (search_funds, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
INSERT INTO search_funds (search_funds) VALUES ('rebuild');

DROP TRIGGER search_awards_insert;
DROP TRIGGER search_awards_update;
DROP TRIGGER search_awards_delete;
DROP TABLE search_awards;
DROP TABLE search_keys_awards;
CREATE VIRTUAL TABLE search_awards USING fts5 (search_text, content='awards', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0', prefix='2 3');
CREATE TRIGGER search_awards_insert AFTER INSERT ON awards BEGIN
  INSERT INTO search_awards (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_awards_update AFTER UPDATE OF search_text ON awards BEGIN
  INSERT INTO search_awards (search_awards, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
  INSERT INTO search_awards (rowid, search_text) VALUES (new.rowid, new.search_text);
END;
CREATE TRIGGER search_awards_delete AFTER DELETE ON awards BEGIN
  INSERT INTO search_awards (search_awards, rowid, search_text) VALUES ('delete', old.rowid, old.search_text);
END;
INSERT INTO search_awards (search_awards) VALUES ('rebuild');
