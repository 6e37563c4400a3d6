-- Complaints, what is done to make them good, and how long each may take.
CREATE TABLE sla_policies (
    id                 UUID PRIMARY KEY NOT NULL,
    version            INTEGER NOT NULL,
    severity           TEXT NOT NULL,
    customer_tier      TEXT,
    response_minutes   INTEGER NOT NULL,
    resolution_minutes INTEGER NOT NULL,
    remind_minutes     INTEGER NOT NULL,
    escalate_minutes   JSONB NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    created_by         UUID,
    updated_at         TIMESTAMPTZ NOT NULL,
    updated_by         UUID
);
CREATE UNIQUE INDEX sla_policies_unique ON sla_policies (severity, COALESCE(customer_tier, ''));
CREATE INDEX sla_policies_created ON sla_policies (created_at, id);

CREATE TABLE complaints (
    id                 UUID PRIMARY KEY NOT NULL,
    version            INTEGER NOT NULL,
    number             TEXT NOT NULL,
    customer_id        UUID NOT NULL REFERENCES customers (id),
    contact_id         UUID REFERENCES contacts (id),
    order_id           UUID REFERENCES orders (id),
    order_line_id      UUID,
    product_id         UUID REFERENCES products (id),
    category           TEXT NOT NULL,
    severity           TEXT NOT NULL,
    status             TEXT NOT NULL,
    channel            TEXT NOT NULL,
    subject            TEXT NOT NULL,
    description        TEXT,
    assignee_id        UUID REFERENCES users (id),
    team_id            UUID REFERENCES teams (id),
    received_at        TIMESTAMPTZ NOT NULL,
    acknowledged_at    TIMESTAMPTZ,
    resolved_at        TIMESTAMPTZ,
    closed_at          TIMESTAMPTZ,
    waiting_reason     TEXT,
    proposal           TEXT,
    root_cause         TEXT,
    root_cause_note    TEXT,
    resolution         TEXT,
    escalation_level   INTEGER NOT NULL,
    reopened           INTEGER NOT NULL,
    response_seconds   BIGINT,
    resolution_seconds BIGINT,
    response_missed    BOOLEAN NOT NULL,
    resolution_missed  BOOLEAN NOT NULL,
    satisfaction       INTEGER,
    satisfaction_note  TEXT,
    external_ids       JSONB NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    created_by         UUID,
    updated_at         TIMESTAMPTZ NOT NULL,
    updated_by         UUID
);
CREATE UNIQUE INDEX complaints_number ON complaints (number);
CREATE INDEX complaints_received ON complaints (received_at, id);
CREATE INDEX complaints_updated ON complaints (updated_at, id);
CREATE INDEX complaints_customer ON complaints (customer_id, received_at, id);
CREATE INDEX complaints_order ON complaints (order_id, received_at, id);
CREATE INDEX complaints_product ON complaints (product_id, received_at, id);
CREATE INDEX complaints_assignee ON complaints (assignee_id, received_at, id);
CREATE INDEX complaints_team ON complaints (team_id, received_at, id);
CREATE INDEX complaints_status ON complaints (status, received_at, id);
CREATE INDEX complaints_severity ON complaints (severity, received_at, id);
CREATE INDEX complaints_category ON complaints (category, received_at, id);
CREATE INDEX complaints_cause ON complaints (root_cause, received_at, id);
CREATE INDEX complaints_level ON complaints (escalation_level, received_at, id);

CREATE TABLE complaint_notes (
    id           UUID PRIMARY KEY NOT NULL,
    version      INTEGER NOT NULL,
    complaint_id UUID NOT NULL REFERENCES complaints (id),
    kind         TEXT NOT NULL,
    text         TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    created_by   UUID,
    updated_at   TIMESTAMPTZ NOT NULL,
    updated_by   UUID
);
CREATE INDEX complaint_notes_complaint ON complaint_notes (complaint_id, created_at, id);

CREATE TABLE complaint_remedies (
    id             UUID PRIMARY KEY NOT NULL,
    version        INTEGER NOT NULL,
    complaint_id   UUID NOT NULL REFERENCES complaints (id),
    kind           TEXT NOT NULL,
    status         TEXT NOT NULL,
    amount         BIGINT NOT NULL,
    currency       TEXT NOT NULL,
    description    TEXT NOT NULL,
    lines          JSONB NOT NULL,
    decided_at     TIMESTAMPTZ,
    decided_by     UUID,
    decided_reason TEXT,
    granted_at     TIMESTAMPTZ,
    order_id       UUID REFERENCES orders (id),
    created_at     TIMESTAMPTZ NOT NULL,
    created_by     UUID,
    updated_at     TIMESTAMPTZ NOT NULL,
    updated_by     UUID
);
CREATE INDEX complaint_remedies_complaint ON complaint_remedies (complaint_id, created_at, id);

ALTER TABLE settings ADD COLUMN complaints JSONB NOT NULL DEFAULT '{}';
