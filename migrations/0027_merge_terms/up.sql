-- The terms that the customer that stays had before a merge, and those that it has after it, so that undoing gives back
-- what nobody has changed since.
ALTER TABLE customer_merges ADD COLUMN terms JSONB;
