-- Long work: one row per job. `state` says where it is; `leased_until` whose turn it is.
CREATE TABLE jobs (
    id            UUID PRIMARY KEY NOT NULL,
    version       INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    resource      TEXT NOT NULL,
    status        TEXT NOT NULL,
    params        JSONB NOT NULL,
    state         JSONB NOT NULL,
    total         BIGINT,
    processed     BIGINT NOT NULL,
    succeeded     BIGINT NOT NULL,
    failed        BIGINT NOT NULL,
    result        JSONB,
    errors        JSONB,
    error         JSONB,
    asked_by      TEXT NOT NULL,
    client_id     UUID,
    scopes        JSONB NOT NULL,
    lang          TEXT NOT NULL,
    request_id    TEXT NOT NULL,
    chunk         BIGINT NOT NULL,
    failures      INTEGER NOT NULL,
    due_at        TIMESTAMPTZ NOT NULL,
    lease_owner   TEXT,
    leased_until  TIMESTAMPTZ,
    sweep_at      TIMESTAMPTZ,
    started_at    TIMESTAMPTZ,
    finished_at   TIMESTAMPTZ,
    expires_at    TIMESTAMPTZ,
    created_at    TIMESTAMPTZ NOT NULL,
    created_by    UUID,
    updated_at    TIMESTAMPTZ NOT NULL,
    updated_by    UUID
);
CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_asked ON jobs (asked_by, created_at, id);
CREATE INDEX jobs_kind ON jobs (kind, created_at, id);
CREATE INDEX jobs_resource ON jobs (resource, created_at, id);
CREATE INDEX jobs_status ON jobs (status, created_at, id);
-- What the runner looks at: small, whatever the history.
CREATE INDEX jobs_due ON jobs (due_at, id) WHERE status IN ('queued', 'running');
CREATE INDEX jobs_active ON jobs (asked_by) WHERE status IN ('queued', 'running');
CREATE INDEX jobs_sweep ON jobs (sweep_at) WHERE sweep_at IS NOT NULL;

-- The files of jobs, in pieces that any instance can answer.
CREATE TABLE job_files (
    job_id UUID NOT NULL REFERENCES jobs (id),
    role   TEXT NOT NULL,
    n      INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    bytes  BYTEA NOT NULL,
    PRIMARY KEY (job_id, role, n)
);

-- Lists over all of a kind, for those who take all of it.
CREATE INDEX contacts_name ON contacts (name_sort, id);
CREATE INDEX contacts_email ON contacts (email, name_sort, id);
CREATE INDEX contacts_updated ON contacts (updated_at, id);
CREATE INDEX prices_all ON prices (product_id, id);
CREATE INDEX prices_updated ON prices (updated_at, id);
DROP INDEX order_lines_order;
CREATE INDEX order_lines_order ON order_lines (order_id, position, id);
