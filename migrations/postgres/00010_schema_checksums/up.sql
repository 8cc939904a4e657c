-- SHA-256 of each migration's text as it was applied here, so that a migration that was edited afterwards is noticed.
CREATE TABLE schema_checksums (
  version TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  checksum BYTEA NOT NULL
);
