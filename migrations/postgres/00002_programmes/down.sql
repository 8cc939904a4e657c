DROP TABLE reviews;
DROP TABLE application_versions;
DROP TABLE applications;
DROP TABLE call_forms;
DROP TABLE calls;
DROP TABLE cohorts;
DROP TABLE programme_partners;
DROP TABLE programmes;
