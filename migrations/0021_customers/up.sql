-- What tells one customer from another, normalised, from its own fields and its contacts': an index kept in step by
-- the same write. `source_id` is the customer's or the contact's id.
CREATE TABLE customer_keys (
    source_id   UUID NOT NULL,
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    customer_id UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    contact_id  UUID REFERENCES contacts (id) ON DELETE CASCADE,
    PRIMARY KEY (source_id, kind, value)
);
CREATE INDEX customer_keys_value ON customer_keys (kind, value, customer_id);
CREATE INDEX customer_keys_customer ON customer_keys (customer_id, kind, value);
CREATE INDEX customer_keys_contact ON customer_keys (contact_id);

-- Pairs of customers that may be the same, each once; follows from the keys and is kept in step with them.
CREATE TABLE customer_duplicates (
    id           UUID PRIMARY KEY NOT NULL,
    customer_id  UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    other_id     UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    score        INTEGER NOT NULL,
    matched_keys JSONB NOT NULL
);
CREATE INDEX customer_duplicates_customer ON customer_duplicates (customer_id, score, id);
CREATE INDEX customer_duplicates_other ON customer_duplicates (other_id, score, id);
CREATE INDEX customer_duplicates_score ON customer_duplicates (score, id);

-- A customer that turned out to be another: where its records are now.
ALTER TABLE customers ADD COLUMN merged_into_id UUID REFERENCES customers (id);
-- Partial, or SQLite's figures take it for useless: nearly all are NULL.
CREATE INDEX customers_merged ON customers (merged_into_id) WHERE merged_into_id IS NOT NULL;

-- What a merge did, so that it can be undone exactly: the survivor's form before and after it, what was moved, and
-- whom the survivor was shown to.
CREATE TABLE customer_merges (
    id          UUID PRIMARY KEY NOT NULL,
    customer_id UUID NOT NULL REFERENCES customers (id),
    into_id     UUID NOT NULL REFERENCES customers (id),
    before      JSONB NOT NULL,
    after       JSONB NOT NULL,
    moved       JSONB NOT NULL,
    shared      JSONB NOT NULL,
    merged_at   TIMESTAMPTZ NOT NULL,
    undone_at   TIMESTAMPTZ
);
CREATE INDEX customer_merges_customer ON customer_merges (customer_id, merged_at);
CREATE INDEX customer_merges_into ON customer_merges (into_id);

-- Of which customer an entry tells, what the record was called then, and when it happened: for the timeline.
ALTER TABLE journal ADD COLUMN customer_id UUID;
ALTER TABLE journal ADD COLUMN title TEXT;
ALTER TABLE journal ADD COLUMN happened_at TIMESTAMPTZ NOT NULL DEFAULT '1970-01-01T00:00:00Z';
UPDATE journal SET happened_at = occurred_at;
UPDATE journal SET customer_id = record_id WHERE record_kind = 'customer';
UPDATE journal SET customer_id = (SELECT o.customer_id FROM orders o WHERE o.id = record_id)
    WHERE record_kind = 'order';
UPDATE journal SET customer_id = (SELECT s.customer_id FROM shipments s WHERE s.id = record_id)
    WHERE record_kind = 'shipment';
UPDATE journal SET customer_id = (SELECT c.customer_id FROM contacts c WHERE c.id = record_id)
    WHERE record_kind = 'contact';
UPDATE journal SET customer_id = (SELECT a.customer_id FROM addresses a WHERE a.id = record_id)
    WHERE record_kind = 'address';
UPDATE journal SET customer_id = (SELECT c.customer_id FROM complaints c WHERE c.id = record_id)
    WHERE record_kind = 'complaint';
UPDATE journal SET customer_id = (SELECT t.customer_id FROM tasks t WHERE t.id = record_id)
    WHERE record_kind = 'task';
UPDATE journal SET customer_id = (SELECT i.customer_id FROM interactions i WHERE i.id = record_id)
    WHERE record_kind = 'interaction';
UPDATE journal SET customer_id = (SELECT f.customer_id FROM feedback f WHERE f.id = record_id)
    WHERE record_kind = 'feedback';
CREATE INDEX journal_customer ON journal (customer_id, happened_at, id) WHERE customer_id IS NOT NULL;

-- When somebody last checked with the customer that everything is right; since when its owner has it; since when it is
-- in the pool, where whoever wants to look after it can take it.
ALTER TABLE customers ADD COLUMN confirmed_at TIMESTAMPTZ NOT NULL DEFAULT '1970-01-01T00:00:00Z';
ALTER TABLE customers ADD COLUMN owned_since TIMESTAMPTZ;
ALTER TABLE customers ADD COLUMN pooled_at TIMESTAMPTZ;
UPDATE customers SET confirmed_at = created_at;
UPDATE customers SET owned_since = updated_at WHERE owner_id IS NOT NULL;
CREATE INDEX customers_confirmed ON customers (confirmed_at, id);
CREATE INDEX customers_pool ON customers (pooled_at, id) WHERE pooled_at IS NOT NULL;

-- What a customer lacks, and how complete it is: follows from its fields, contacts and addresses.
CREATE TABLE customer_quality (
    customer_id UUID PRIMARY KEY NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    score       INTEGER NOT NULL
);
CREATE INDEX customer_quality_score ON customer_quality (score, customer_id);
CREATE TABLE customer_defects (
    customer_id UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    defect      TEXT NOT NULL,
    PRIMARY KEY (customer_id, defect)
);
CREATE INDEX customer_defects_defect ON customer_defects (defect, customer_id);

-- Who lost a customer to the pool, and who took one from it.
CREATE TABLE customer_pool_moves (
    id          UUID PRIMARY KEY NOT NULL,
    customer_id UUID NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    user_id     UUID NOT NULL REFERENCES users (id),
    kind        TEXT NOT NULL,
    moved_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX customer_pool_moves_user ON customer_pool_moves (user_id, kind, moved_at);
CREATE INDEX customer_pool_moves_customer ON customer_pool_moves (customer_id);
-- Whose owner was told that they are about to lose it.
CREATE TABLE customer_pool_warnings (
    customer_id UUID PRIMARY KEY NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    warned_at   TIMESTAMPTZ NOT NULL
);
