-- Keys in their normal form, and names that a customer had. SQL does not know the normal form of a key, of a name and of
-- the words of a search: the next start stores them for all records. It does so again when a later program has other forms.

-- The forms that are stored.
CREATE TABLE text_forms (
    id      INTEGER PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL
);
INSERT INTO text_forms (id, version) VALUES (1, 0);

-- A key in its normal form and the record that has it. Records that had keys of the same form when this table was made
-- all keep theirs: the first has an empty `twin`, each other its own id there. No new record gets a key that one of them has.
CREATE TABLE record_keys (
    field     TEXT NOT NULL,
    folded    TEXT NOT NULL,
    twin      TEXT NOT NULL,
    record_id UUID NOT NULL,
    PRIMARY KEY (field, folded, twin)
);
CREATE INDEX record_keys_record ON record_keys (record_id, field);
CREATE INDEX record_keys_twins ON record_keys (field, folded) WHERE twin <> '';

-- Names that the customer had before, the last one first. They follow from its history: the next start fills them.
ALTER TABLE customers ADD COLUMN former_names JSONB NOT NULL DEFAULT '[]';
