-- Rows where units of work meet whose rules read many rows: what a guard names falls on one of a fixed number of rows,
-- so the table does not grow. Only PostgreSQL fills it; on SQLite one writer runs one unit after the other.
CREATE TABLE guards (
    id INTEGER PRIMARY KEY NOT NULL,
    n  BIGINT NOT NULL DEFAULT 0
);
-- All units of work hold this table; who runs alone holds it alone. It has no rows.
CREATE TABLE unit_gate (
    id INTEGER PRIMARY KEY NOT NULL
);
