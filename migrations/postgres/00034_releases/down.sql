DROP TABLE kpi_release_values;
DROP TABLE kpi_release_figures;
DROP TABLE kpi_release_kpis;
DROP TABLE kpi_release_places;
DROP TABLE kpi_releases;
ALTER TABLE kpi_sets DROP COLUMN final_after_days;
ALTER TABLE kpi_sets DROP COLUMN refreshes;
