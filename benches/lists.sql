-- Rows for the lists, as both engines read them: :rows of each resource and :series of KPI values, of :periods months each.
-- For SQLite `AS BYTEA` is read as `AS BLOB`, and `AS TIMESTAMP` and `AS DATE` as `AS TEXT`. What a row holds depends on its
-- number alone; what a list is sorted by does not follow what it is filtered by, but where that is so in life: records are
-- made in the order of their references, and the newest awards are the proposed ones.

-- One place with fifty regions below it, and all others below those.
WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO organisations (id, code, ods_code, name, sort_name, kind, status, valid_from, valid_to, postcode, identifiers, search_text, version, created_at, updated_at)
SELECT CAST('orgn' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'L' || substr(CAST(10000000 + i AS TEXT), 2), NULL,
  'Place ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2), 'place ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2),
  CASE WHEN i = 1 THEN 'england' WHEN i <= 51 THEN 'region' WHEN i * 7919 % 10007 % 100 < 60 THEN 'gp-practice'
    WHEN i * 7919 % 10007 % 100 < 85 THEN 'trust-site' WHEN i * 7919 % 10007 % 100 < 99 THEN 'company' ELSE 'university' END,
  CASE WHEN i * 6101 % 10007 % 100 < 90 THEN 'active' ELSE 'closed' END,
  CAST('2001-04-01' AS DATE), CASE WHEN i * 6101 % 10007 % 100 < 90 THEN NULL ELSE CAST('2019-04-01' AS DATE) END,
  NULL, '[]', 'place ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2) || CASE WHEN i % 500 = 0 THEN ' harbour' ELSE ' inland' END, 1,
  CAST('2020-01-01 00:00:00' AS TIMESTAMP),
  CAST('202' || (i % 6) || '-0' || (1 + i * 31 % 9) || '-' || (10 + i * 17 % 19) || ' 10:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP)
FROM n;

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO organisation_closure (descendant_id, ancestor_id, from_on, to_on)
SELECT CAST('orgn' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), CAST('orgn' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), CAST('0001-01-01' AS DATE), CAST('9999-12-31' AS DATE) FROM n
UNION ALL
SELECT CAST('orgn' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), CAST('orgn' || substr(CAST(1000000000001 AS TEXT), 2) AS BYTEA), CAST('2001-04-01' AS DATE), CAST('9999-12-31' AS DATE) FROM n WHERE i > 1
UNION ALL
SELECT CAST('orgn' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), CAST('orgn' || substr(CAST(1000000000002 + i % 50 AS TEXT), 2) AS BYTEA), CAST('2001-04-01' AS DATE), CAST('9999-12-31' AS DATE) FROM n WHERE i > 51;

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 10)
INSERT INTO programmes (id, slug, name, sort_name, kind, summary, starts_on, ends_on, website, illustrative, search_text, version, created_at, updated_at)
SELECT CAST('prog' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'listed-' || i, 'Listed ' || i, 'listed ' || i, 'fellowship', 'Made up.', NULL, NULL, NULL, TRUE,
  'listed', 1, CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-01-01 00:00:00' AS TIMESTAMP) FROM n;

-- About 2 KB each.
WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO innovations (id, slug, reference, name, sort_name, summary, description, main_category, categories, areas, care_settings, shifts, priorities, evidence, standards_met,
  stage, owner_id, eligible_value, eligible_qualifier, eligible_basis, nis_unique_id, website, illustrative, archived_at, search_text, created_by, version, created_at, updated_at)
SELECT CAST('inno' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'listed-' || i, 'INN-2020-' || substr(CAST(1000000 + i AS TEXT), 2),
  'Innovation ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2), 'innovation ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2),
  'A summary of what it is and whom it helps.', replace('xxxxxxxxxxxxxxxxxx', 'x', 'An innovation that helps people to be cared for sooner and nearer to home. '),
  CASE WHEN i * 7919 % 10007 % 100 < 50 THEN 'digital' WHEN i * 7919 % 10007 % 100 < 90 THEN 'medical-device' WHEN i * 7919 % 10007 % 100 < 99 THEN 'ai' ELSE 'ppe' END,
  CASE WHEN i * 7919 % 10007 % 100 < 50 THEN 'digital' WHEN i * 7919 % 10007 % 100 < 90 THEN 'medical-device' WHEN i * 7919 % 10007 % 100 < 99 THEN 'ai' ELSE 'ppe' END,
  CASE WHEN i * 5077 % 10007 % 100 < 40 THEN 'patient-safety' ELSE 'preventive-care' END, CASE WHEN i * 3571 % 10007 % 100 < 5 THEN 'pharmacy' ELSE 'primary-care' END,
  'analogue-to-digital', 'research', '[]', '[]',
  CASE WHEN i * 6101 % 10007 % 100 < 40 THEN 'spread' WHEN i * 6101 % 10007 % 100 < 70 THEN 'development' WHEN i * 6101 % 10007 % 100 < 90 THEN 'early-adoption'
    WHEN i * 6101 % 10007 % 100 < 98 THEN 'embedded' ELSE 'withdrawn' END,
  CAST('orgn' || substr(CAST(1000000000052 + i * 4339 % 500 AS TEXT), 2) AS BYTEA), 35000, 'at-most', 'estimated', NULL, 'https://example.org', TRUE, NULL,
  'innovation ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2) || CASE WHEN i % 500 = 0 THEN ' harbour' ELSE ' inland' END, 'loader', 1,
  CAST('20' || (10 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) || ' 09:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP),
  CAST('202' || (i % 6) || '-0' || (1 + i * 31 % 9) || '-' || (10 + i * 17 % 19) || ' 10:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP)
FROM n;

INSERT INTO innovation_tags (list, word, innovation_id)
SELECT 'categories', categories, id FROM innovations WHERE slug LIKE 'listed-%' UNION ALL
SELECT 'areas', areas, id FROM innovations WHERE slug LIKE 'listed-%' UNION ALL
SELECT 'careSettings', care_settings, id FROM innovations WHERE slug LIKE 'listed-%' UNION ALL
SELECT 'shifts', shifts, id FROM innovations WHERE slug LIKE 'listed-%' UNION ALL
SELECT 'priorities', priorities, id FROM innovations WHERE slug LIKE 'listed-%';

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO programme_memberships (id, innovation_id, programme, from_on, to_on, version, created_at, updated_at)
SELECT CAST('memb' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), CAST('inno' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'listed-' || (1 + i * 2731 % 10007 % 10),
  CAST('2020-04-01' AS DATE), CAST('9999-12-31' AS DATE), 1, CAST('2020-04-01 00:00:00' AS TIMESTAMP), CAST('2020-04-01 00:00:00' AS TIMESTAMP)
FROM n WHERE i % 2 = 0;

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 20)
INSERT INTO funds (id, code, name, sort_name, programme, currency, illustrative, search_text, version, created_at, updated_at)
SELECT CAST('fund' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'LISTED-' || i, 'Fund ' || i, 'fund ' || i, 'listed-' || (1 + i % 10), 'GBP', TRUE, 'fund', 1,
  CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-01-01 00:00:00' AS TIMESTAMP) FROM n;

INSERT INTO fund_balances (fund_id, contributed_minor, reallocated_in_minor, reallocated_out_minor, available_minor, outstanding_minor, disbursed_minor)
SELECT id, 0, 0, 0, 0, 0, 0 FROM funds WHERE code LIKE 'LISTED-%';

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO awards (id, reference, fund_id, programme, kind, title, sort_title, description, recipient_organisation_id, recipient_person_id, innovation_id, fellowship_id, amount_minor,
  currency, awarded_on, planned_from, planned_to, state, evaluation_plan, geocode, published, illustrative, proposed_by, approved_by, search_text, version, created_at, updated_at)
SELECT CAST('awrd' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'AWD-2020-' || substr(CAST(1000000 + i AS TEXT), 2), CAST('fund' || substr(CAST(1000000000001 + i * 2731 % 10007 % 20 AS TEXT), 2) AS BYTEA),
  'listed-' || (1 + (1 + i * 2731 % 10007 % 20) % 10), CASE WHEN i * 5077 % 10007 % 100 < 80 THEN 'grant' WHEN i * 5077 % 10007 % 100 < 99 THEN 'contract' ELSE 'bursary' END,
  'Award ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2), 'award ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2), 'Made up so that lists can be measured.',
  CAST('orgn' || substr(CAST(1000000000052 + i * 4339 % 500 AS TEXT), 2) AS BYTEA), NULL, CAST('inno' || substr(CAST(1000000000001 + i * 4339 % 500 AS TEXT), 2) AS BYTEA), NULL, 100000,
  'GBP', CASE WHEN i * 50 > :rows * 49 THEN NULL ELSE CAST('20' || (10 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) AS DATE) END,
  CAST('20' || (10 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) AS DATE), CAST('20' || (12 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) AS DATE),
  CASE WHEN i * 50 > :rows * 49 THEN 'proposed' WHEN i * 6101 % 10007 % 100 < 60 THEN 'completed' WHEN i * 6101 % 10007 % 100 < 98 THEN 'active' ELSE 'terminated' END,
  NULL, NULL, i % 2 = 0, TRUE, 'loader', NULL, 'award ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2) || CASE WHEN i % 500 = 0 THEN ' harbour' ELSE ' inland' END, 1,
  CAST('20' || (10 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) || ' 09:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP),
  CAST('202' || (i % 6) || '-0' || (1 + i * 31 % 9) || '-' || (10 + i * 17 % 19) || ' 10:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP)
FROM n;

INSERT INTO award_balances (award_id, committed_minor, disbursed_minor, returned_minor, released_minor, written_off_minor, outstanding_minor)
SELECT id, 0, 0, 0, 0, 0, 0 FROM awards WHERE proposed_by = 'loader';

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO people (id, name, sort_name, email, subject, consented_at, erased_at, illustrative, search_text, version, created_at, updated_at)
SELECT CAST('prsn' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'Person ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2), 'person ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2),
  NULL, NULL, NULL, NULL, TRUE, 'person ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2) || CASE WHEN i % 500 = 0 THEN ' harbour' ELSE ' inland' END, 1,
  CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-01-01 00:00:00' AS TIMESTAMP) FROM n;

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO fellows (id, person_id, profession, biography, website, version, created_at, updated_at)
SELECT CAST('fell' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), CAST('prsn' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'nurse', NULL, NULL, 1,
  CAST('20' || (10 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) || ' 09:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP),
  CAST('202' || (i % 6) || '-0' || (1 + i * 31 % 9) || '-' || (10 + i * 17 % 19) || ' 10:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP)
FROM n;

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 100)
INSERT INTO cohorts (id, programme, number, name, target_size, opens_at, starts_on, ends_on, version, created_at, updated_at)
SELECT CAST('chrt' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'listed-' || (1 + i % 10), 1 + i / 10, 'Cohort ' || i, NULL, NULL, NULL, NULL, 1,
  CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-01-01 00:00:00' AS TIMESTAMP) FROM n;

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO fellowships (id, fellow_id, programme, cohort_id, application_id, host_id, industry_partner_id, whole_time_equivalent_ppm, from_on, to_on, state, version, created_at, updated_at)
SELECT CAST('flws' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), CAST('fell' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'listed-' || (1 + (1 + i * 2731 % 10007 % 100) % 10),
  CAST('chrt' || substr(CAST(1000000000001 + i * 2731 % 10007 % 100 AS TEXT), 2) AS BYTEA), NULL, CAST('orgn' || substr(CAST(1000000000052 + i * 4339 % 500 AS TEXT), 2) AS BYTEA), NULL, 1000000,
  CAST('20' || (10 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) AS DATE), CAST('9999-12-31' AS DATE),
  CASE WHEN i * 6101 % 10007 % 100 < 60 THEN 'completed' WHEN i * 6101 % 10007 % 100 < 98 THEN 'active' ELSE 'withdrawn' END, 1,
  CAST('2020-01-01 00:00:00' AS TIMESTAMP),
  CAST('202' || (i % 6) || '-0' || (1 + i * 31 % 9) || '-' || (10 + i * 17 % 19) || ' 10:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP)
FROM n;

INSERT INTO calls (id, programme, cohort_id, title, sort_title, opens_at, closes_at, zone, priorities, criteria, form_version, offer_days, created_by, version, created_at, updated_at)
SELECT CAST('call000000000001' AS BYTEA), 'listed-1', CAST(NULL AS BYTEA), 'Listed', 'listed', CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-06-01 00:00:00' AS TIMESTAMP), 'Europe/London', '[]', '[]', 1, 14,
  'loader', 1, CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-01-01 00:00:00' AS TIMESTAMP)
UNION ALL
SELECT CAST('call000000000002' AS BYTEA), 'listed-2', CAST(NULL AS BYTEA), 'Listed', 'listed', CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-06-01 00:00:00' AS TIMESTAMP), 'Europe/London', '[]', '[]', 1, 14,
  'loader', 1, CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-01-01 00:00:00' AS TIMESTAMP);

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO applications (id, reference, call_id, programme, applicant, organisation_id, innovation_id, title, sort_title, state, priorities, form_version, data_version, submitted_at, offer_expires_at,
  score_ppm, reviews_submitted, version, created_at, updated_at)
SELECT CAST('appl' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'APP-2020-' || substr(CAST(1000000 + i AS TEXT), 2), CAST('call00000000000' || (1 + i % 2) AS BYTEA), 'listed-' || (1 + i % 2),
  'applicant-' || i, NULL, NULL, 'Application ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2), 'application ' || substr(CAST(1000000 + i * 48271 % 999983 AS TEXT), 2),
  CASE WHEN i * 6101 % 10007 % 100 < 60 THEN 'rejected' WHEN i * 6101 % 10007 % 100 < 98 THEN 'submitted' ELSE 'accepted' END, '[]', 1, 1, NULL, NULL, i * 48271 % 999983, 1, 1,
  CAST('20' || (10 + 10 * i / :rows) || '-0' || (1 + i % 9) || '-' || (10 + i % 19) || ' 09:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP),
  CAST('202' || (i % 6) || '-0' || (1 + i * 31 % 9) || '-' || (10 + i * 17 % 19) || ' 10:00:00.' || substr(CAST(1000000 + i AS TEXT), 2) AS TIMESTAMP)
FROM n;

WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 20)
INSERT INTO kpis (id, code, name, sort_name, definition, level, unit, period_type, value_type, decimals, multiplier, improvement_direction, aggregation, breakdowns, min_value, max_value, programme,
  successor_of, due_days, lock_days, open_future_periods, approval_required, disclosure_control, conflict_rule, status, definition_version, search_text, version, created_at, updated_at, number)
SELECT CAST('kpis' || substr(CAST(1000000000000 + i AS TEXT), 2) AS BYTEA), 'listed-' || i, 'Listed ' || i, 'listed ' || i, 'Made up.', 'process', 'count', 'month', 'count', 0, 1, 'neutral', 'sum', '[]', NULL, NULL,
  'listed-' || (1 + i % 10), NULL, NULL, NULL, 0, FALSE, FALSE, 'improvement', 'live', 1, 'listed', 1, CAST('2020-01-01 00:00:00' AS TIMESTAMP), CAST('2020-01-01 00:00:00' AS TIMESTAMP), 1000 + i FROM n;

-- Half of the series are of the first KPI, a few of the last.
WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :series)
INSERT INTO series (id, kpi_id, kpi_number, organisation_id, innovation_id, breakdown)
SELECT 1000000 + i, CAST('kpis' || substr(CAST(1000000000001 + CASE WHEN i % 2 = 0 THEN 0 WHEN i % 101 = 0 THEN 19 ELSE 1 + i % 17 END AS TEXT), 2) AS BYTEA),
  1001 + CASE WHEN i % 2 = 0 THEN 0 WHEN i % 101 = 0 THEN 19 ELSE 1 + i % 17 END,
  CAST('orgn' || substr(CAST(1000000000001 + i % :rows AS TEXT), 2) AS BYTEA), CAST('inno' || substr(CAST(1000000000001 + i % 50 AS TEXT), 2) AS BYTEA), '' FROM n;

WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :periods - 1)
INSERT INTO kpi_values (kpi_number, series_id, period_start, value, numerator, denominator, qualifier, basis, comment, version, kpi_version, submission_id, updated_at)
SELECT series.kpi_number, series.id, CAST(CAST(2000 + n.i / 12 AS TEXT) || '-' || substr(CAST(101 + n.i % 12 AS TEXT), 2) || '-01' AS DATE), series.id * 31 % 9973, NULL, NULL, 'exact', 'measured', NULL, 1, 1,
  CAST('subm' || substr(CAST(1000000000000 + n.i % 10 AS TEXT), 2) AS BYTEA), CAST('2020-01-01 00:00:00' AS TIMESTAMP)
FROM series CROSS JOIN n WHERE series.id > 1000000;
