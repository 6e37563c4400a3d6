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
