-- What goes wrong with orders, what comes back of them, and whether they came as first promised.
ALTER TABLE orders ADD COLUMN open_exceptions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN blocked BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE orders ADD COLUMN credited_net BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN credited_tax BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN credited_gross BIGINT NOT NULL DEFAULT 0;
CREATE INDEX orders_open_exceptions ON orders (order_date, id) WHERE open_exceptions > 0;
CREATE INDEX orders_blocked ON orders (order_date, id) WHERE blocked;

ALTER TABLE order_lines ADD COLUMN first_promised_date DATE;
ALTER TABLE order_lines ADD COLUMN in_return BIGINT NOT NULL DEFAULT 0;
ALTER TABLE order_lines ADD COLUMN returned BIGINT NOT NULL DEFAULT 0;
-- Until now the first promise was kept of the order only.
UPDATE order_lines SET first_promised_date = (
    SELECT COALESCE(order_lines.promised_date, orders.first_promised_date) FROM orders
    WHERE orders.id = order_lines.order_id AND orders.confirmed_at IS NOT NULL
);
CREATE INDEX order_lines_first_promised ON order_lines (first_promised_date, order_id)
    WHERE first_promised_date IS NOT NULL;

CREATE TABLE order_exceptions (
    id                 UUID PRIMARY KEY NOT NULL,
    version            INTEGER NOT NULL,
    number             TEXT NOT NULL,
    order_id           UUID NOT NULL REFERENCES orders (id),
    order_line_id      UUID,
    shipment_id        UUID REFERENCES shipments (id),
    customer_id        UUID NOT NULL REFERENCES customers (id),
    product_id         UUID REFERENCES products (id),
    kind               TEXT NOT NULL,
    severity           TEXT NOT NULL,
    status             TEXT NOT NULL,
    blocking           BOOLEAN NOT NULL,
    description        TEXT NOT NULL,
    quantity           BIGINT,
    owner_id           UUID REFERENCES users (id),
    team_id            UUID REFERENCES teams (id),
    reported_at        TIMESTAMPTZ NOT NULL,
    started_at         TIMESTAMPTZ,
    resolved_at        TIMESTAMPTZ,
    closed_at          TIMESTAMPTZ,
    outcome            TEXT,
    resolution         TEXT,
    cancel_reason      TEXT,
    escalation_level   INTEGER NOT NULL,
    reopened           INTEGER NOT NULL,
    resolution_seconds BIGINT,
    resolution_missed  BOOLEAN NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    created_by         UUID,
    updated_at         TIMESTAMPTZ NOT NULL,
    updated_by         UUID
);
CREATE UNIQUE INDEX order_exceptions_number ON order_exceptions (number);
CREATE INDEX order_exceptions_reported ON order_exceptions (reported_at, id);
CREATE INDEX order_exceptions_updated ON order_exceptions (updated_at, id);
CREATE INDEX order_exceptions_order ON order_exceptions (order_id, reported_at, id);
CREATE INDEX order_exceptions_customer ON order_exceptions (customer_id, reported_at, id);
CREATE INDEX order_exceptions_product ON order_exceptions (product_id, reported_at, id);
CREATE INDEX order_exceptions_kind ON order_exceptions (kind, reported_at, id);
CREATE INDEX order_exceptions_severity ON order_exceptions (severity, reported_at, id);
CREATE INDEX order_exceptions_status ON order_exceptions (status, reported_at, id);
CREATE INDEX order_exceptions_owner ON order_exceptions (owner_id, reported_at, id);
CREATE INDEX order_exceptions_team ON order_exceptions (team_id, reported_at, id);
CREATE INDEX order_exceptions_blocking ON order_exceptions (reported_at, id) WHERE blocking;
-- What is not done yet: small, whatever the history.
CREATE INDEX order_exceptions_open ON order_exceptions (reported_at, id)
    WHERE status IN ('open', 'in_progress');
CREATE INDEX order_exceptions_open_of_order ON order_exceptions (order_id)
    WHERE status IN ('open', 'in_progress');
CREATE INDEX order_exceptions_open_of_owner ON order_exceptions (owner_id, reported_at, id)
    WHERE status IN ('open', 'in_progress');
CREATE INDEX order_exceptions_overdue ON order_exceptions (reported_at, id)
    WHERE resolution_missed AND status IN ('open', 'in_progress');

CREATE TABLE returns (
    id             UUID PRIMARY KEY NOT NULL,
    version        INTEGER NOT NULL,
    number         TEXT NOT NULL,
    order_id       UUID NOT NULL REFERENCES orders (id),
    customer_id    UUID NOT NULL REFERENCES customers (id),
    complaint_id   UUID REFERENCES complaints (id),
    exception_id   UUID REFERENCES order_exceptions (id),
    status         TEXT NOT NULL,
    currency       TEXT NOT NULL,
    net            BIGINT NOT NULL,
    tax            BIGINT NOT NULL,
    gross          BIGINT NOT NULL,
    notes          TEXT,
    requested_at   TIMESTAMPTZ NOT NULL,
    decided_at     TIMESTAMPTZ,
    decided_by     UUID,
    decided_reason TEXT,
    received_at    TIMESTAMPTZ,
    received_by    UUID,
    credited_at    TIMESTAMPTZ,
    credited_by    UUID,
    closed_at      TIMESTAMPTZ,
    cancel_reason  TEXT,
    external_ids   JSONB NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    created_by     UUID,
    updated_at     TIMESTAMPTZ NOT NULL,
    updated_by     UUID
);
CREATE UNIQUE INDEX returns_number ON returns (number);
CREATE INDEX returns_requested ON returns (requested_at, id);
CREATE INDEX returns_updated ON returns (updated_at, id);
CREATE INDEX returns_gross ON returns (gross, id);
CREATE INDEX returns_order ON returns (order_id, requested_at, id);
CREATE INDEX returns_customer ON returns (customer_id, requested_at, id);
CREATE INDEX returns_complaint ON returns (complaint_id, requested_at, id);
CREATE INDEX returns_exception ON returns (exception_id, requested_at, id);
CREATE INDEX returns_status ON returns (status, requested_at, id);
CREATE INDEX returns_currency ON returns (currency, requested_at, id);
-- What waits for somebody: small, whatever the history.
CREATE INDEX returns_waiting ON returns (requested_at, id) WHERE status IN ('requested', 'approved');

CREATE TABLE return_lines (
    id            UUID PRIMARY KEY NOT NULL,
    return_id     UUID NOT NULL REFERENCES returns (id),
    order_line_id UUID NOT NULL REFERENCES order_lines (id),
    product_id    UUID NOT NULL REFERENCES products (id),
    position      INTEGER NOT NULL,
    quantity      BIGINT NOT NULL,
    received      BIGINT,
    reason        TEXT NOT NULL,
    disposition   TEXT,
    net           BIGINT NOT NULL,
    tax           BIGINT NOT NULL,
    gross         BIGINT NOT NULL
);
CREATE INDEX return_lines_return ON return_lines (return_id, position);
CREATE INDEX return_lines_order_line ON return_lines (order_line_id);
CREATE INDEX return_lines_product ON return_lines (product_id, return_id);
CREATE INDEX return_lines_reason ON return_lines (reason, return_id);
CREATE INDEX return_lines_disposition ON return_lines (disposition, return_id);
