-- Search: pairs of characters, found as phrases.
CREATE TABLE search_index (
    record_id UUID PRIMARY KEY,
    found_id  UUID NOT NULL,
    grams     TSVECTOR NOT NULL
);
CREATE INDEX search_index_grams ON search_index USING GIN (grams);
