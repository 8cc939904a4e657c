-- What large totals are made of, so that they answer at once. A row without a document was asked for and is not made yet.
-- position is that of the last event whose values are in it.
CREATE TABLE kpi_total_summaries (
  kpi_number INTEGER NOT NULL,
  innovation_id BLOB NOT NULL,
  breakdown TEXT NOT NULL,
  place_id BLOB NOT NULL REFERENCES organisations (id),
  map_on DATE NOT NULL,
  position BIGINT NOT NULL,
  document TEXT,
  made_at TIMESTAMP NOT NULL,
  claimed_at TIMESTAMP NOT NULL,
  wanted_on DATE NOT NULL,
  PRIMARY KEY (kpi_number, innovation_id, breakdown, place_id)
);
