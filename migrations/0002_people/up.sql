CREATE TABLE teams (
    id         UUID PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,
    code       TEXT NOT NULL,
    name       TEXT NOT NULL,
    parent_id  UUID REFERENCES teams (id),
    external_ids JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID
);
CREATE UNIQUE INDEX teams_code_unique ON teams (code);
CREATE INDEX teams_parent ON teams (parent_id);
CREATE INDEX teams_name ON teams (name, id);

CREATE TABLE regions (
    id         UUID PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,
    code       TEXT NOT NULL,
    name       TEXT NOT NULL,
    parent_id  UUID REFERENCES regions (id),
    external_ids JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID
);
CREATE UNIQUE INDEX regions_code_unique ON regions (code);
CREATE INDEX regions_parent ON regions (parent_id);

CREATE TABLE users (
    id                   UUID PRIMARY KEY NOT NULL,
    version              INTEGER NOT NULL,
    username             TEXT NOT NULL,
    name                 TEXT NOT NULL,
    name_sort            TEXT NOT NULL,
    email                TEXT,
    phone                TEXT,
    title                TEXT,
    role                 TEXT NOT NULL,
    team_id              UUID REFERENCES teams (id),
    region_ids           JSONB NOT NULL,
    status               TEXT NOT NULL,
    lang                 TEXT NOT NULL,
    password_hash        TEXT,
    must_change_password BOOLEAN NOT NULL,
    last_login_at        TIMESTAMPTZ,
    external_ids JSONB NOT NULL,
    created_at           TIMESTAMPTZ NOT NULL,
    created_by           UUID,
    updated_at           TIMESTAMPTZ NOT NULL,
    updated_by           UUID
);
CREATE UNIQUE INDEX users_username_unique ON users (username);
CREATE INDEX users_team ON users (team_id);
CREATE INDEX users_name ON users (name_sort, id);
CREATE INDEX users_role ON users (role, id);
CREATE INDEX users_status ON users (status, id);

-- A log-in. Its refresh token changes at every use; only digests are kept.
CREATE TABLE sessions (
    id               UUID PRIMARY KEY NOT NULL,
    user_id          UUID NOT NULL REFERENCES users (id),
    refresh_digest   TEXT NOT NULL,
    previous_digest  TEXT,
    rotated_at       TIMESTAMPTZ NOT NULL,
    created_at       TIMESTAMPTZ NOT NULL,
    expires_at       TIMESTAMPTZ NOT NULL,
    ended_at         TIMESTAMPTZ,
    peer             TEXT NOT NULL,
    user_agent       TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, ended_at);
CREATE UNIQUE INDEX sessions_refresh ON sessions (refresh_digest);
CREATE INDEX sessions_previous ON sessions (previous_digest);
