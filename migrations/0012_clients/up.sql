-- Machine clients: programs that call the API. Of a secret only its digest is kept.
CREATE TABLE clients (
    id                    UUID PRIMARY KEY NOT NULL,
    version               INTEGER NOT NULL,
    name                  TEXT NOT NULL,
    name_sort             TEXT NOT NULL,
    description           TEXT,
    status                TEXT NOT NULL,
    scopes                JSONB NOT NULL,
    customer_ids          JSONB,
    team_id               UUID REFERENCES teams (id),
    allowed_networks      JSONB NOT NULL,
    token_lifetime        INTEGER NOT NULL,
    token_epoch           INTEGER NOT NULL,
    secret_digest         TEXT,
    secret_set_at         TIMESTAMPTZ,
    previous_digest       TEXT,
    previous_secret_until TIMESTAMPTZ,
    last_used_at          TIMESTAMPTZ,
    external_ids          JSONB NOT NULL,
    created_at            TIMESTAMPTZ NOT NULL,
    created_by            UUID,
    updated_at            TIMESTAMPTZ NOT NULL,
    updated_by            UUID
);
CREATE INDEX clients_name ON clients (name_sort, id);
CREATE INDEX clients_created ON clients (created_at, id);
CREATE INDEX clients_status ON clients (status, id);
CREATE INDEX clients_team ON clients (team_id, id);

-- Access tokens that were ended before their time; each is forgotten when that has come.
CREATE TABLE revoked_tokens (
    jti        TEXT PRIMARY KEY NOT NULL,
    client_id  UUID NOT NULL REFERENCES clients (id),
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at);
CREATE INDEX revoked_tokens_client ON revoked_tokens (client_id);
