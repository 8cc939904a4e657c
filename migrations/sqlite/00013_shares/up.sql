-- What each client had stored on each day, in bytes: its large requests alone, so that the small ones cost nothing.
CREATE TABLE storage_shares (
  client TEXT NOT NULL,
  day DATE NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (client, day)
);
CREATE INDEX storage_shares_day ON storage_shares (day);
