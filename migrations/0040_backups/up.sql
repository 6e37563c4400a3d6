-- Backups that were made or tried: machinery, not business records. A running one has a lease, so that one whose program
-- died is known.
CREATE TABLE backups (
    id             UUID PRIMARY KEY NOT NULL,
    name           TEXT NOT NULL,
    place          TEXT NOT NULL,
    origin         TEXT NOT NULL,
    status         TEXT NOT NULL,
    with_key       BOOLEAN NOT NULL,
    started_at     TIMESTAMPTZ NOT NULL,
    leased_until   TIMESTAMPTZ NOT NULL,
    finished_at    TIMESTAMPTZ,
    bytes          BIGINT,
    audit_sequence BIGINT,
    error          TEXT,
    removed_at     TIMESTAMPTZ
);
CREATE INDEX backups_started ON backups (started_at, id);
CREATE INDEX backups_status ON backups (status, started_at, id);
CREATE INDEX backups_origin ON backups (origin, started_at, id);
-- Of several servers on one database one makes the scheduled backup.
CREATE UNIQUE INDEX backups_scheduled_running ON backups (origin) WHERE status = 'running' AND origin = 'scheduled';
