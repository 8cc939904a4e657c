DROP TABLE kpi_total_summaries;
