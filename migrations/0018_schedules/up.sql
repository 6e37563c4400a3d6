-- Recurring work: when each schedule runs next, whose turn it is, and how its last run went.
CREATE TABLE schedules (
    id               UUID PRIMARY KEY NOT NULL,
    version          INTEGER NOT NULL,
    name             TEXT NOT NULL,
    about            JSONB NOT NULL,
    rhythm           JSONB NOT NULL,
    enabled          BOOLEAN NOT NULL,
    next_run_at      TIMESTAMPTZ NOT NULL,
    place            TEXT,
    chunk            BIGINT NOT NULL,
    interruptions    INTEGER NOT NULL,
    lease_owner      TEXT,
    leased_until     TIMESTAMPTZ,
    runs             BIGINT NOT NULL,
    failures         BIGINT NOT NULL,
    last_started_at  TIMESTAMPTZ,
    last_finished_at TIMESTAMPTZ,
    last_success_at  TIMESTAMPTZ,
    last_result      TEXT,
    last_error       JSONB,
    created_at       TIMESTAMPTZ NOT NULL,
    created_by       UUID,
    updated_at       TIMESTAMPTZ NOT NULL,
    updated_by       UUID
);
CREATE UNIQUE INDEX schedules_name ON schedules (name);

-- Sessions that are long over are cleared away.
CREATE INDEX sessions_expires ON sessions (expires_at);
