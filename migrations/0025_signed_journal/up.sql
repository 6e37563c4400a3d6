-- Each entry carries a MAC from the moment that it is written, and says for whom it was done. Entries from before have
-- none; the first start of this program verifies them, and notes where MACs begin.
ALTER TABLE journal ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN on_behalf_of UUID;
ALTER TABLE journal ADD COLUMN on_behalf_of_name TEXT;
-- HMACs of values that nobody reads, by field, so that a record is held against the journal in these, too.
ALTER TABLE journal ADD COLUMN proofs JSONB NOT NULL DEFAULT '{}';
-- Position of the first entry that must have a MAC; 0 as long as nobody has looked.
ALTER TABLE journal_head ADD COLUMN signed_from BIGINT NOT NULL DEFAULT 0;
