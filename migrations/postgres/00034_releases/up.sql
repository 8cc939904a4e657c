-- How often the figures of a set may be revised before they are final, and how many days after a period they may be. Both or none.
ALTER TABLE kpi_sets ADD COLUMN refreshes INTEGER;
ALTER TABLE kpi_sets ADD COLUMN final_after_days INTEGER;

-- What was published of a set, and does not change. Releases of the same set, period and places follow each other: scope is a
-- digest of the places.
CREATE TABLE kpi_releases (
  id BYTEA NOT NULL PRIMARY KEY,
  set_id BYTEA NOT NULL REFERENCES kpi_sets (id),
  period_type TEXT COLLATE "C" NOT NULL,
  from_start DATE NOT NULL,
  period_start DATE NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,
  number INTEGER NOT NULL,
  status TEXT COLLATE "C" NOT NULL CHECK (status IN ('provisional', 'revised', 'final')),
  revision_of BYTEA REFERENCES kpi_releases (id),
  reason TEXT COLLATE "C",
  published_on DATE NOT NULL,
  position BIGINT NOT NULL,
  figure_count INTEGER NOT NULL,
  value_count INTEGER NOT NULL,
  illustrative BOOLEAN NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  UNIQUE (set_id, period_type, period_start, scope, number)
);
CREATE INDEX kpi_releases_by_published ON kpi_releases (published_on, id);
CREATE INDEX kpi_releases_by_period ON kpi_releases (period_start, id);
CREATE INDEX kpi_releases_by_updated ON kpi_releases (updated_at, id);
CREATE INDEX kpi_releases_by_revised ON kpi_releases (revision_of);

-- The places of a release in their order, each with the map that its figures were counted on.
CREATE TABLE kpi_release_places (
  release_id BYTEA NOT NULL REFERENCES kpi_releases (id),
  place_id BYTEA NOT NULL REFERENCES organisations (id),
  number INTEGER NOT NULL,
  geography TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (release_id, place_id)
);
CREATE INDEX kpi_release_places_by_place ON kpi_release_places (place_id, release_id);

-- The KPIs of a release, each with what of its definition decides how values are shown.
CREATE TABLE kpi_release_kpis (
  release_id BYTEA NOT NULL REFERENCES kpi_releases (id),
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  kpi_version INTEGER NOT NULL,
  aggregation TEXT COLLATE "C" NOT NULL,
  disclosure_control BOOLEAN NOT NULL,
  PRIMARY KEY (release_id, kpi_id)
);

-- The totals of a release, one a period: as they are, and as they are published.
CREATE TABLE kpi_release_figures (
  release_id BYTEA NOT NULL REFERENCES kpi_releases (id),
  period_start DATE NOT NULL,
  number INTEGER NOT NULL,
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  place_id BYTEA NOT NULL REFERENCES organisations (id),
  innovation_id BYTEA NOT NULL,
  breakdown TEXT COLLATE "C" NOT NULL,
  exact TEXT COLLATE "C" NOT NULL,
  published TEXT COLLATE "C" NOT NULL,
  organisations INTEGER NOT NULL,
  apportioned BOOLEAN NOT NULL,
  illustrative BOOLEAN NOT NULL,
  PRIMARY KEY (release_id, period_start, number)
);
CREATE INDEX kpi_release_figures_by_total ON kpi_release_figures (kpi_id, place_id, innovation_id, breakdown, release_id, period_start);

-- The values that they were made of, without comments.
CREATE TABLE kpi_release_values (
  release_id BYTEA NOT NULL REFERENCES kpi_releases (id),
  period_start DATE NOT NULL,
  series_id BIGINT NOT NULL REFERENCES series (id),
  kpi_id BYTEA NOT NULL REFERENCES kpis (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  innovation_id BYTEA NOT NULL,
  breakdown TEXT COLLATE "C" NOT NULL,
  value BIGINT NOT NULL,
  numerator BIGINT,
  denominator BIGINT,
  qualifier TEXT COLLATE "C" NOT NULL,
  basis TEXT COLLATE "C" NOT NULL,
  version INTEGER NOT NULL,
  kpi_version INTEGER NOT NULL,
  illustrative BOOLEAN NOT NULL,
  PRIMARY KEY (release_id, period_start, series_id)
);
CREATE INDEX kpi_release_values_by_organisation ON kpi_release_values (organisation_id, kpi_id, release_id, period_start);
