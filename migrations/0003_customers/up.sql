-- Whom we sell to, or want to.
CREATE TABLE customers (
    id              UUID PRIMARY KEY NOT NULL,
    version         INTEGER NOT NULL,
    code            TEXT NOT NULL,
    name            TEXT NOT NULL,
    name_sort       TEXT NOT NULL,
    short_name      TEXT,
    kind            TEXT NOT NULL,
    industry        TEXT,
    tier            TEXT NOT NULL,
    region_id       UUID REFERENCES regions (id),
    channel         TEXT,
    source          TEXT,
    status          TEXT NOT NULL,
    block_reason    TEXT,
    owner_id        UUID REFERENCES users (id),
    team_id         UUID REFERENCES teams (id),
    currency        TEXT NOT NULL,
    credit_limit    BIGINT,
    payment_days    INTEGER NOT NULL,
    payment_terms   TEXT,
    country         TEXT NOT NULL,
    tax_id          TEXT,
    invoice_title   TEXT,
    bank_name       TEXT,
    bank_account    TEXT,
    tags            JSONB NOT NULL,
    custom_fields   JSONB NOT NULL,
    notes           TEXT,
    external_ids JSONB NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    created_by      UUID,
    updated_at      TIMESTAMPTZ NOT NULL,
    updated_by      UUID
);
CREATE UNIQUE INDEX customers_code_unique ON customers (code);
CREATE INDEX customers_name ON customers (name_sort, id);
CREATE INDEX customers_updated ON customers (updated_at, id);
CREATE INDEX customers_created ON customers (created_at, id);
CREATE INDEX customers_owner ON customers (owner_id, name_sort, id);
CREATE INDEX customers_team ON customers (team_id, name_sort, id);
CREATE INDEX customers_status ON customers (status, name_sort, id);
CREATE INDEX customers_tier ON customers (tier, name_sort, id);
CREATE INDEX customers_kind ON customers (kind, name_sort, id);
CREATE INDEX customers_region ON customers (region_id, name_sort, id);
CREATE INDEX customers_industry ON customers (industry, name_sort, id);
CREATE INDEX customers_country ON customers (country, name_sort, id);
CREATE INDEX customers_tax_id ON customers (tax_id);

-- An index of customers.tags, in their folded form: kept in step by the same write.
CREATE TABLE customer_tags (
    customer_id UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    tag         TEXT NOT NULL,
    PRIMARY KEY (customer_id, tag)
);
CREATE INDEX customer_tags_tag ON customer_tags (tag, customer_id);

CREATE TABLE contacts (
    id             UUID PRIMARY KEY NOT NULL,
    version        INTEGER NOT NULL,
    customer_id    UUID NOT NULL REFERENCES customers (id),
    name           TEXT NOT NULL,
    name_sort      TEXT NOT NULL,
    salutation     TEXT,
    title          TEXT,
    department     TEXT,
    decision_role  TEXT NOT NULL,
    is_primary     BOOLEAN NOT NULL,
    mobile         TEXT,
    phone          TEXT,
    email          TEXT,
    wechat         TEXT,
    birthday       DATE,
    do_not_contact BOOLEAN NOT NULL,
    notes          TEXT,
    external_ids JSONB NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    created_by     UUID,
    updated_at     TIMESTAMPTZ NOT NULL,
    updated_by     UUID
);
CREATE INDEX contacts_customer ON contacts (customer_id, name_sort, id);
-- At most one contact is the one to call first.
CREATE UNIQUE INDEX contacts_primary ON contacts (customer_id) WHERE is_primary;

CREATE TABLE addresses (
    id           UUID PRIMARY KEY NOT NULL,
    version      INTEGER NOT NULL,
    customer_id  UUID NOT NULL REFERENCES customers (id),
    kind         TEXT NOT NULL,
    is_default   BOOLEAN NOT NULL,
    recipient    TEXT,
    phone        TEXT,
    line1        TEXT NOT NULL,
    line2        TEXT,
    district     TEXT,
    city         TEXT NOT NULL,
    province     TEXT,
    postal_code  TEXT,
    country      TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    created_by   UUID,
    updated_at   TIMESTAMPTZ NOT NULL,
    updated_by   UUID
);
CREATE INDEX addresses_customer ON addresses (customer_id, kind, id);
-- At most one default per kind.
CREATE UNIQUE INDEX addresses_default ON addresses (customer_id, kind) WHERE is_default;
