-- SHA-256 of each migration's text as it was applied here, so that a migration that was edited afterwards is noticed.
CREATE TABLE schema_checksums (
  version TEXT NOT NULL PRIMARY KEY,
  checksum BLOB NOT NULL
);
