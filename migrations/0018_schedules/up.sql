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

-- How each person wants to be told by e-mail; the id is the person's. Without a row the usual holds.
CREATE TABLE notification_preferences (
    id          UUID PRIMARY KEY NOT NULL REFERENCES users (id),
    version     INTEGER NOT NULL,
    mail        TEXT NOT NULL,
    by_notice   JSONB NOT NULL,
    quiet_hours JSONB,
    digest_at   INTEGER NOT NULL,
    lang        TEXT,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  UUID,
    updated_at  TIMESTAMPTZ NOT NULL,
    updated_by  UUID
);

-- Up to when each person's digests have told, and on which day the last one was due.
CREATE TABLE notification_digests (
    user_id     UUID PRIMARY KEY NOT NULL REFERENCES users (id),
    digested_on DATE NOT NULL,
    told_until  TIMESTAMPTZ NOT NULL
);

-- E-mails to be sent, and those that were.
CREATE TABLE mails (
    id          UUID PRIMARY KEY NOT NULL,
    version     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    code        TEXT,
    user_id     UUID REFERENCES users (id),
    recipient   TEXT NOT NULL,
    subject     TEXT NOT NULL,
    body        TEXT NOT NULL,
    status      TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    step        INTEGER NOT NULL,
    due_at      TIMESTAMPTZ NOT NULL,
    lease       TEXT,
    last_error  TEXT,
    last_code   INTEGER,
    last_reply  TEXT,
    ended_at    TIMESTAMPTZ,
    clear_at    TIMESTAMPTZ,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  UUID,
    updated_at  TIMESTAMPTZ NOT NULL,
    updated_by  UUID
);
CREATE INDEX mails_due ON mails (due_at) WHERE status = 'waiting';
CREATE INDEX mails_clear ON mails (clear_at) WHERE clear_at IS NOT NULL;
CREATE INDEX mails_created ON mails (created_at, id);
CREATE INDEX mails_status ON mails (status, created_at, id);
CREATE INDEX mails_kind ON mails (kind, created_at, id);
CREATE INDEX mails_user ON mails (user_id, created_at, id);
