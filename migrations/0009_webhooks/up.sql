-- Webhooks: who is told of which events, and under which secret (kept sealed under the master key). `sequence` is how
-- far in the journal deliveries have been made of it.
CREATE TABLE webhooks (
    id                     UUID PRIMARY KEY NOT NULL,
    version                INTEGER NOT NULL,
    url                    TEXT NOT NULL,
    description            TEXT,
    event_types            JSONB NOT NULL,
    status                 TEXT NOT NULL,
    disabled_reason        TEXT,
    disabled_at            TIMESTAMPTZ,
    owner_user_id          UUID REFERENCES users (id),
    owner_client_id        UUID,
    sealed_secret          TEXT NOT NULL,
    secret_set_at          TIMESTAMPTZ NOT NULL,
    sealed_previous_secret TEXT,
    previous_secret_until  TIMESTAMPTZ,
    sequence               BIGINT NOT NULL,
    failing_since          TIMESTAMPTZ,
    last_success_at        TIMESTAMPTZ,
    external_ids           JSONB NOT NULL,
    created_at             TIMESTAMPTZ NOT NULL,
    created_by             UUID,
    updated_at             TIMESTAMPTZ NOT NULL,
    updated_by             UUID
);
CREATE INDEX webhooks_created ON webhooks (created_at, id);
CREATE INDEX webhooks_behind ON webhooks (status, sequence);
CREATE INDEX webhooks_user ON webhooks (owner_user_id, created_at, id);
CREATE INDEX webhooks_client ON webhooks (owner_client_id, created_at, id);

-- The queue: what is to be told to a webhook, and what became of it. While an attempt is under way, `lease` is whose
-- it is and `due_at` when it is taken to be lost. `event_id` is a journal entry's; null for a test.
CREATE TABLE webhook_deliveries (
    id         UUID PRIMARY KEY NOT NULL,
    webhook_id UUID NOT NULL,
    event_id   UUID,
    event_type TEXT NOT NULL,
    status     TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    due_at     TIMESTAMPTZ NOT NULL,
    lease      TEXT,
    last_error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    ended_at   TIMESTAMPTZ,
    clear_at   TIMESTAMPTZ
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, status, due_at);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (webhook_id, created_at, id);
CREATE INDEX webhook_deliveries_status ON webhook_deliveries (webhook_id, status, created_at, id);
CREATE INDEX webhook_deliveries_type ON webhook_deliveries (webhook_id, event_type, created_at, id);
CREATE INDEX webhook_deliveries_clear ON webhook_deliveries (clear_at) WHERE clear_at IS NOT NULL;

CREATE TABLE webhook_attempts (
    id          UUID PRIMARY KEY NOT NULL,
    delivery_id UUID NOT NULL,
    number      INTEGER NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    duration_ms INTEGER NOT NULL,
    status_code INTEGER,
    error       TEXT,
    answer      TEXT
);
CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id, number);

-- Webhooks that were deleted and whose deliveries are still to be cleared away, in small steps.
CREATE TABLE webhook_remains (
    webhook_id UUID PRIMARY KEY NOT NULL
);
