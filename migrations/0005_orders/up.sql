CREATE TABLE orders (
    id                  UUID PRIMARY KEY NOT NULL,
    version             INTEGER NOT NULL,
    number              TEXT NOT NULL,
    status              TEXT NOT NULL,
    on_hold             BOOLEAN NOT NULL,
    hold_kind           TEXT,
    hold_reason         TEXT,
    fulfilment          TEXT NOT NULL,
    customer_id         UUID NOT NULL REFERENCES customers (id),
    contact_id          UUID REFERENCES contacts (id),
    rep_id              UUID REFERENCES users (id),
    team_id             UUID REFERENCES teams (id),
    region_id           UUID REFERENCES regions (id),
    channel             TEXT,
    currency            TEXT NOT NULL,
    order_date          DATE NOT NULL,
    requested_date      DATE,
    promised_date       DATE,
    first_promised_date DATE,
    customer_po         TEXT,
    payment_days        INTEGER NOT NULL,
    payment_terms       TEXT,
    delivery_terms      TEXT,
    billing_address     JSONB,
    shipping_address    JSONB,
    notes               TEXT,
    custom_fields       JSONB NOT NULL,
    list                BIGINT NOT NULL,
    discount            BIGINT NOT NULL,
    net                 BIGINT NOT NULL,
    tax                 BIGINT NOT NULL,
    gross               BIGINT NOT NULL,
    revision            INTEGER NOT NULL,
    line_digest         TEXT NOT NULL,
    overrides           JSONB NOT NULL,
    submitted_at        TIMESTAMPTZ,
    submitted_by        UUID,
    approved_at         TIMESTAMPTZ,
    approved_by         UUID,
    approved_gross      BIGINT,
    confirmed_at        TIMESTAMPTZ,
    completed_at        TIMESTAMPTZ,
    cancelled_at        TIMESTAMPTZ,
    cancel_reason       TEXT,
    external_ids JSONB NOT NULL,
    created_at          TIMESTAMPTZ NOT NULL,
    created_by          UUID,
    updated_at          TIMESTAMPTZ NOT NULL,
    updated_by          UUID
);
CREATE UNIQUE INDEX orders_number_unique ON orders (number);
CREATE INDEX orders_date ON orders (order_date, id);
CREATE INDEX orders_updated ON orders (updated_at, id);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_gross ON orders (gross, id);
CREATE INDEX orders_promised ON orders (promised_date, id);
CREATE INDEX orders_customer ON orders (customer_id, order_date, id);
CREATE INDEX orders_rep ON orders (rep_id, order_date, id);
CREATE INDEX orders_team ON orders (team_id, order_date, id);
CREATE INDEX orders_region ON orders (region_id, order_date, id);
CREATE INDEX orders_status ON orders (status, order_date, id);
CREATE INDEX orders_fulfilment ON orders (fulfilment, order_date, id);
CREATE INDEX orders_channel ON orders (channel, order_date, id);
CREATE INDEX orders_currency ON orders (currency, order_date, id);
CREATE INDEX orders_customer_po ON orders (customer_po);
CREATE INDEX orders_on_hold ON orders (order_date, id) WHERE on_hold;
-- What counts against a customer's credit: small, whatever the history.
CREATE INDEX orders_exposure ON orders (customer_id, currency)
    WHERE status IN ('approved', 'confirmed', 'partially_shipped', 'shipped', 'delivered');
-- Possible duplicates: the same lines for the same customer.
CREATE INDEX orders_duplicates ON orders (customer_id, line_digest, order_date);

CREATE TABLE order_lines (
    id             UUID PRIMARY KEY NOT NULL,
    order_id       UUID NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    product_id     UUID NOT NULL REFERENCES products (id),
    sku            TEXT NOT NULL,
    description    TEXT NOT NULL,
    quantity       BIGINT NOT NULL,
    unit           TEXT NOT NULL,
    unit_price     BIGINT NOT NULL,
    list_price     BIGINT,
    price_source   TEXT NOT NULL,
    price_id       UUID,
    discount_rate  BIGINT NOT NULL,
    tax_rate       BIGINT NOT NULL,
    unit_cost      BIGINT,
    promised_date  DATE,
    list           BIGINT NOT NULL,
    discount       BIGINT NOT NULL,
    net            BIGINT NOT NULL,
    tax            BIGINT NOT NULL,
    gross          BIGINT NOT NULL,
    shipped        BIGINT NOT NULL,
    delivered      BIGINT NOT NULL,
    closed         BIGINT NOT NULL
);
CREATE INDEX order_lines_order ON order_lines (order_id, position);
CREATE INDEX order_lines_product ON order_lines (product_id, order_id);

-- Each change after confirmation: who, why, before and after.
CREATE TABLE order_revisions (
    id          UUID PRIMARY KEY NOT NULL,
    order_id    UUID NOT NULL REFERENCES orders (id),
    revision    INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    before      JSONB NOT NULL,
    after       JSONB NOT NULL,
    changes     JSONB NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  UUID
);
CREATE UNIQUE INDEX order_revisions_number ON order_revisions (order_id, revision);

CREATE TABLE shipments (
    id              UUID PRIMARY KEY NOT NULL,
    version         INTEGER NOT NULL,
    number          TEXT NOT NULL,
    order_id        UUID NOT NULL REFERENCES orders (id),
    customer_id     UUID NOT NULL REFERENCES customers (id),
    status          TEXT NOT NULL,
    carrier         TEXT,
    tracking_number TEXT,
    shipped_date    DATE NOT NULL,
    delivered_date  DATE,
    received_by     TEXT,
    signature_ref   TEXT,
    freight_cost    BIGINT,
    freight_currency TEXT,
    shipping_address JSONB,
    notes           TEXT,
    void_reason     TEXT,
    external_ids JSONB NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    created_by      UUID,
    updated_at      TIMESTAMPTZ NOT NULL,
    updated_by      UUID
);
CREATE UNIQUE INDEX shipments_number_unique ON shipments (number);
CREATE INDEX shipments_order ON shipments (order_id, id);
CREATE INDEX shipments_date ON shipments (shipped_date, id);
CREATE INDEX shipments_updated ON shipments (updated_at, id);
CREATE INDEX shipments_status ON shipments (status, shipped_date, id);
CREATE INDEX shipments_customer ON shipments (customer_id, shipped_date, id);
CREATE INDEX shipments_carrier ON shipments (carrier, shipped_date, id);
CREATE INDEX shipments_tracking ON shipments (tracking_number);

CREATE TABLE shipment_lines (
    id            UUID PRIMARY KEY NOT NULL,
    shipment_id   UUID NOT NULL REFERENCES shipments (id),
    order_line_id UUID NOT NULL REFERENCES order_lines (id),
    position      INTEGER NOT NULL,
    quantity      BIGINT NOT NULL
);
CREATE INDEX shipment_lines_shipment ON shipment_lines (shipment_id, position);
CREATE INDEX shipment_lines_order_line ON shipment_lines (order_line_id);
