CREATE TABLE product_categories (
    id         UUID PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,
    code       TEXT NOT NULL,
    name       TEXT NOT NULL,
    name_en    TEXT,
    parent_id  UUID REFERENCES product_categories (id),
    external_ids JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID
);
CREATE UNIQUE INDEX product_categories_code_unique ON product_categories (code);
CREATE INDEX product_categories_parent ON product_categories (parent_id);

CREATE TABLE products (
    id            UUID PRIMARY KEY NOT NULL,
    version       INTEGER NOT NULL,
    sku           TEXT NOT NULL,
    name          TEXT NOT NULL,
    name_sort     TEXT NOT NULL,
    name_en       TEXT,
    description   TEXT,
    category_id   UUID REFERENCES product_categories (id),
    unit          TEXT NOT NULL,
    units         JSONB NOT NULL,
    tax_rate      BIGINT NOT NULL,
    cost          BIGINT,
    cost_currency TEXT,
    status        TEXT NOT NULL,
    sold_from     DATE,
    sold_to       DATE,
    barcode       TEXT,
    custom_fields JSONB NOT NULL,
    external_ids JSONB NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    created_by    UUID,
    updated_at    TIMESTAMPTZ NOT NULL,
    updated_by    UUID
);
CREATE UNIQUE INDEX products_sku_unique ON products (sku);
CREATE UNIQUE INDEX products_barcode_unique ON products (barcode);
CREATE INDEX products_name ON products (name_sort, id);
CREATE INDEX products_category ON products (category_id, name_sort, id);
CREATE INDEX products_status ON products (status, name_sort, id);
CREATE INDEX products_updated ON products (updated_at, id);

CREATE TABLE price_lists (
    id          UUID PRIMARY KEY NOT NULL,
    version     INTEGER NOT NULL,
    code        TEXT NOT NULL,
    name        TEXT NOT NULL,
    currency    TEXT NOT NULL,
    status      TEXT NOT NULL,
    valid_from  DATE NOT NULL,
    valid_to    DATE,
    customer_id UUID REFERENCES customers (id),
    tier        TEXT,
    channel     TEXT,
    priority    INTEGER NOT NULL,
    approved_at TIMESTAMPTZ,
    approved_by UUID,
    -- From this day on a retired list holds no more; before, it still answers what was valid then.
    retired_on  DATE,
    notes       TEXT,
    external_ids JSONB NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  UUID,
    updated_at  TIMESTAMPTZ NOT NULL,
    updated_by  UUID
);
CREATE UNIQUE INDEX price_lists_code_unique ON price_lists (code);
CREATE INDEX price_lists_status ON price_lists (status, code, id);
CREATE INDEX price_lists_updated ON price_lists (updated_at, id);
-- Finds the lists of one customer, and with NULL those for all, among thousands.
CREATE INDEX price_lists_customer ON price_lists (customer_id, currency);

-- What a product costs on a list, from a quantity, during some days. Past prices stay.
CREATE TABLE prices (
    id            UUID PRIMARY KEY NOT NULL,
    version       INTEGER NOT NULL,
    price_list_id UUID NOT NULL REFERENCES price_lists (id),
    product_id    UUID NOT NULL REFERENCES products (id),
    unit          TEXT NOT NULL,
    min_quantity  BIGINT NOT NULL,
    unit_price    BIGINT NOT NULL,
    valid_from    DATE NOT NULL,
    valid_to      DATE,
    created_at    TIMESTAMPTZ NOT NULL,
    created_by    UUID,
    updated_at    TIMESTAMPTZ NOT NULL,
    updated_by    UUID
);
CREATE INDEX prices_product ON prices (product_id, price_list_id, valid_from);
CREATE INDEX prices_list ON prices (price_list_id, product_id, unit, min_quantity, valid_from);
