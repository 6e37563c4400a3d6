-- When the company works (one row), and what is due when.
CREATE TABLE working_calendar (
    id         UUID PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,
    week       JSONB NOT NULL,
    days       JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID
);

CREATE TABLE deadlines (
    id               UUID PRIMARY KEY NOT NULL,
    version          INTEGER NOT NULL,
    record_kind      TEXT NOT NULL,
    record_id        UUID NOT NULL,
    name             TEXT NOT NULL,
    status           TEXT NOT NULL,
    started_at       TIMESTAMPTZ NOT NULL,
    working_seconds  BIGINT,
    due_at           TIMESTAMPTZ,
    pauses           JSONB NOT NULL,
    ended_at         TIMESTAMPTZ,
    steps            JSONB NOT NULL,
    step             INTEGER NOT NULL,
    next_at          TIMESTAMPTZ,
    calendar_version INTEGER NOT NULL
);
CREATE UNIQUE INDEX deadlines_record ON deadlines (record_id, name);
CREATE INDEX deadlines_next ON deadlines (next_at);
CREATE INDEX deadlines_calendar ON deadlines (status, calendar_version);
