-- Lists: every one can be sorted by when its rows last changed, and a page reads about as many rows as it shows, since each
-- sort, alone and with one filter of few values, has an index that is read in its order. A filter that leaves few rows
-- (an owner, a recipient) needs none of its own for each sort, nor does a list whose rows all belong to one record that
-- has few of them (the milestones of an award, the partners of a programme).

-- Rows that are never changed have one instant, when they were recorded; only these had none.
ALTER TABLE kpi_submission_rows ADD COLUMN updated_at TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00';
UPDATE kpi_submission_rows SET updated_at =
  (SELECT submitted_at FROM kpi_submissions WHERE kpi_submissions.id = kpi_submission_rows.submission_id);

-- Fellows are named by people, so the person's id breaks ties in every order.
DROP INDEX fellows_by_created;
CREATE INDEX fellows_by_created ON fellows (created_at, person_id);
DROP INDEX kpi_values_by_submission;
CREATE INDEX kpi_values_by_submission ON kpi_values (submission_id, period_start, series_id);

-- Innovations.
CREATE INDEX innovations_by_stage_order ON innovations (stage, id);
CREATE INDEX innovations_by_stage_updated ON innovations (stage, updated_at, id);
CREATE INDEX innovations_by_stage_created ON innovations (stage, created_at, id);
CREATE INDEX innovations_by_stage_reference ON innovations (stage, reference, id);
CREATE INDEX innovations_by_main_category_updated ON innovations (main_category, updated_at, id);
CREATE INDEX innovations_by_main_category_created ON innovations (main_category, created_at, id);
CREATE INDEX innovations_by_main_category_stage ON innovations (main_category, stage, id);
CREATE INDEX innovations_by_main_category_reference ON innovations (main_category, reference, id);

-- Organisations.
CREATE INDEX organisations_by_kind_order ON organisations (kind, id);
CREATE INDEX organisations_by_kind_code ON organisations (kind, code, id);
CREATE INDEX organisations_by_kind_updated ON organisations (kind, updated_at, id);
CREATE INDEX organisations_by_status ON organisations (status, sort_name, id);
CREATE INDEX organisations_by_status_code ON organisations (status, code, id);
CREATE INDEX organisations_by_status_kind ON organisations (status, kind, id);
CREATE INDEX organisations_by_status_updated ON organisations (status, updated_at, id);

-- Awards.
CREATE INDEX awards_by_fund_title ON awards (fund_id, sort_title, id);
CREATE INDEX awards_by_fund_reference ON awards (fund_id, reference, id);
CREATE INDEX awards_by_fund_updated ON awards (fund_id, updated_at, id);
CREATE INDEX awards_by_programme_title ON awards (programme, sort_title, id);
CREATE INDEX awards_by_programme_reference ON awards (programme, reference, id);
CREATE INDEX awards_by_programme_updated ON awards (programme, updated_at, id);
CREATE INDEX awards_by_state_title ON awards (state, sort_title, id);
CREATE INDEX awards_by_state_reference ON awards (state, reference, id);
CREATE INDEX awards_by_state_updated ON awards (state, updated_at, id);
CREATE INDEX awards_by_kind_title ON awards (kind, sort_title, id);
CREATE INDEX awards_by_kind_reference ON awards (kind, reference, id);
CREATE INDEX awards_by_kind_updated ON awards (kind, updated_at, id);

-- The rest of the money.
CREATE INDEX contributions_by_recording ON contributions (created_at, id);
CREATE INDEX contributions_by_fund_recording ON contributions (fund_id, created_at, id);
CREATE INDEX contributions_by_source ON contributions (source, received_on, id);
CREATE INDEX contributions_by_source_recording ON contributions (source, created_at, id);
CREATE INDEX reallocations_by_recording ON reallocations (created_at, id);
CREATE INDEX fund_transactions_by_award_recording ON fund_transactions (award_id, created_at, id);
CREATE INDEX external_investments_by_updated ON external_investments (updated_at, id);
CREATE INDEX external_investments_by_programme_investor ON external_investments (programme, sort_investor, id);
CREATE INDEX external_investments_by_programme_updated ON external_investments (programme, updated_at, id);
CREATE INDEX external_investments_by_kind_investor ON external_investments (kind, sort_investor, id);
CREATE INDEX external_investments_by_kind_updated ON external_investments (kind, updated_at, id);

-- People.
CREATE INDEX people_by_updated ON people (updated_at, id);
CREATE INDEX fellows_by_updated ON fellows (updated_at, person_id);
CREATE INDEX fellowships_by_updated ON fellowships (updated_at, id);
CREATE INDEX fellowships_by_programme_updated ON fellowships (programme, updated_at, id);
CREATE INDEX fellowships_by_cohort_updated ON fellowships (cohort_id, updated_at, id);
CREATE INDEX fellowships_by_state ON fellowships (state, from_on, id);
CREATE INDEX fellowships_by_state_updated ON fellowships (state, updated_at, id);
CREATE INDEX mentorships_by_updated ON mentorships (updated_at, id);
CREATE INDEX mentorships_by_programme_updated ON mentorships (programme, updated_at, id);
CREATE INDEX learning_events_by_updated ON learning_events (updated_at, id);
CREATE INDEX learning_events_by_programme_updated ON learning_events (programme, updated_at, id);
CREATE INDEX learning_events_by_kind_updated ON learning_events (kind, updated_at, id);
CREATE INDEX attendances_by_event_updated ON attendances (event_id, updated_at, id);
CREATE INDEX networks_by_updated ON networks (updated_at, id);
CREATE INDEX leaders_by_updated ON leaders (updated_at, id);
CREATE INDEX leaders_by_kind_updated ON leaders (kind, updated_at, id);
CREATE INDEX leaders_by_programme_updated ON leaders (programme, updated_at, id);

-- Calls.
CREATE INDEX applications_by_title ON applications (call_id, sort_title, id);
CREATE INDEX applications_by_reference ON applications (call_id, reference, id);
CREATE INDEX applications_by_updated ON applications (call_id, updated_at, id);
CREATE INDEX applications_by_state_title ON applications (call_id, state, sort_title, id);
CREATE INDEX applications_by_state_reference ON applications (call_id, state, reference, id);
CREATE INDEX applications_by_state_updated ON applications (call_id, state, updated_at, id);

-- KPIs.
CREATE INDEX kpi_submissions_by_kpi ON kpi_submissions (kpi_code, submitted_at, id);
CREATE INDEX kpi_submissions_by_state ON kpi_submissions (state, submitted_at, id);
CREATE INDEX kpi_submission_rows_by_updated ON kpi_submission_rows (submission_id, updated_at, line);
CREATE INDEX kpi_sets_by_updated ON kpi_sets (updated_at, id);
CREATE INDEX spc_acts_by_kind ON spc_acts (kind, period_start, id);
CREATE INDEX spc_acts_by_kind_created ON spc_acts (kind, created_at, id);
CREATE INDEX spc_acts_by_kind_updated ON spc_acts (kind, updated_at, id);
