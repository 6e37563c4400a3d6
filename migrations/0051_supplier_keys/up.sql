-- What tells one supplier from another, in its normal form: an index kept in step by the same write. The next start fills
-- it for the suppliers that there are, since the forms of 0050 are stored then.
CREATE TABLE supplier_keys (
    supplier_id UUID NOT NULL REFERENCES suppliers (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (supplier_id, kind, value)
);
CREATE INDEX supplier_keys_value ON supplier_keys (kind, value, supplier_id);
UPDATE text_forms SET version = 0;
