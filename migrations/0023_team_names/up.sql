-- Teams are sorted by how their names are read. SQL does not know that: the next start fills the column for the teams
-- that there are.
ALTER TABLE teams ADD COLUMN name_sort TEXT NOT NULL DEFAULT '';
DROP INDEX teams_name;
CREATE INDEX teams_name ON teams (name_sort, id);
