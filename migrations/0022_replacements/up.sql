-- Returned goods may be replaced instead of credited.
ALTER TABLE returns ADD COLUMN replaced_at TIMESTAMPTZ;
ALTER TABLE returns ADD COLUMN replaced_by UUID;
ALTER TABLE returns ADD COLUMN replacement_order_id UUID REFERENCES orders (id);
CREATE INDEX returns_replacement ON returns (replacement_order_id, requested_at, id)
    WHERE replacement_order_id IS NOT NULL;

-- What came waits for being credited or replaced, too.
DROP INDEX returns_waiting;
CREATE INDEX returns_waiting ON returns (requested_at, id) WHERE status IN ('requested', 'approved', 'received');
