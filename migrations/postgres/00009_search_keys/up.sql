-- PostgreSQL searches through indexes on the tables themselves: SQLite alone needs keys.
SELECT 1;
