-- What every area stands on. Type names are PostgreSQL's; SQLite keeps what it is given.

-- One row: the company's rules as one document, and the installation's identity.
CREATE TABLE settings (
    id           UUID PRIMARY KEY NOT NULL,
    version      INTEGER NOT NULL,
    company      JSONB NOT NULL,
    orders       JSONB NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    created_by   UUID,
    updated_at   TIMESTAMPTZ NOT NULL,
    updated_by   UUID
);

-- Facts about this database itself: whether it is a demo, its epoch.
CREATE TABLE installation (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- Keys that sign access tokens, encrypted under the master key.
CREATE TABLE signing_keys (
    id         TEXT PRIMARY KEY NOT NULL,
    sealed     TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- One entry per change: audit trail, history and the source of the event feed.
CREATE TABLE journal (
    id          UUID PRIMARY KEY NOT NULL,
    event_type  TEXT NOT NULL,
    record_kind TEXT NOT NULL,
    record_id   UUID NOT NULL,
    version     INTEGER NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    actor_id    UUID,
    actor_name  TEXT NOT NULL,
    client      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    reason      TEXT,
    changes     JSONB NOT NULL
);
CREATE INDEX journal_record ON journal (record_id, version, id);

-- Answers kept for repeated requests.
CREATE TABLE idempotency_keys (
    owner       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status      INTEGER NOT NULL,
    version     INTEGER,
    location    TEXT,
    body        TEXT,
    created_at  TIMESTAMPTZ NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- How other systems call our records.
CREATE TABLE external_ids (
    record_kind TEXT NOT NULL,
    system      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    record_id   UUID NOT NULL,
    PRIMARY KEY (record_kind, system, external_id)
);
CREATE INDEX external_ids_record ON external_ids (record_id);

-- Records shown to somebody who would not see them otherwise.
CREATE TABLE shares (
    record_id  UUID NOT NULL,
    grantee_id UUID NOT NULL,
    granted_at TIMESTAMPTZ NOT NULL,
    granted_by UUID,
    PRIMARY KEY (record_id, grantee_id)
);
CREATE INDEX shares_grantee ON shares (grantee_id, record_id);
