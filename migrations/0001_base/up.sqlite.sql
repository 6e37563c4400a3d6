-- Numbers for people. PostgreSQL uses sequences, made when a range's year begins.
CREATE TABLE number_ranges (
    prefix TEXT NOT NULL,
    year   INTEGER NOT NULL,
    last   BIGINT NOT NULL,
    PRIMARY KEY (prefix, year)
);

-- Search: pairs of characters, found as phrases.
CREATE TABLE search_rows (
    row       INTEGER PRIMARY KEY NOT NULL,
    record_id BLOB NOT NULL UNIQUE,
    found_id  BLOB NOT NULL
);
CREATE VIRTUAL TABLE search_index USING fts5 (
    grams, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 0"
);
