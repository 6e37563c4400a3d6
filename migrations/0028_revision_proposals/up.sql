-- Changes of confirmed orders that somebody has to approve first, with the figures that they decide on.
CREATE TABLE order_revision_proposals (
    id              UUID PRIMARY KEY NOT NULL,
    version         INTEGER NOT NULL,
    order_id        UUID NOT NULL REFERENCES orders (id),
    status          TEXT NOT NULL,
    reason          TEXT NOT NULL,
    input           JSONB NOT NULL,
    figures         JSONB NOT NULL,
    worse           JSONB NOT NULL,
    revision        INTEGER,
    decided_at      TIMESTAMPTZ,
    decided_by      UUID,
    decided_reason  TEXT,
    created_at      TIMESTAMPTZ NOT NULL,
    created_by      UUID,
    updated_at      TIMESTAMPTZ NOT NULL,
    updated_by      UUID
);
CREATE INDEX order_revision_proposals_order ON order_revision_proposals (order_id, created_at, id);
CREATE INDEX order_revision_proposals_waiting ON order_revision_proposals (created_at, id) WHERE status = 'proposed';
