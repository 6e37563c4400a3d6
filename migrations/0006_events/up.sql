-- The order in which changes became final, and what proves that none was altered or taken away. `sequence` is
-- given after the commit, so that no reader's cursor ever skips a change.
ALTER TABLE journal ADD COLUMN owner_id UUID;
ALTER TABLE journal ADD COLUMN team_id UUID;
ALTER TABLE journal ADD COLUMN salt TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN sequence BIGINT;
ALTER TABLE journal ADD COLUMN link TEXT;
CREATE UNIQUE INDEX journal_sequence ON journal (sequence);
CREATE INDEX journal_waiting ON journal (id) WHERE sequence IS NULL;
CREATE INDEX journal_occurred ON journal (occurred_at, id);
CREATE INDEX journal_actor ON journal (actor_id, occurred_at, id);
CREATE INDEX journal_client ON journal (client, occurred_at, id);
CREATE INDEX journal_request ON journal (request_id, id);
CREATE INDEX journal_type ON journal (event_type, occurred_at, id);
CREATE INDEX journal_kind ON journal (record_kind, occurred_at, id);

-- Where the chain ends: one row.
CREATE TABLE journal_head (
    id       INTEGER PRIMARY KEY NOT NULL,
    sequence BIGINT NOT NULL,
    link     TEXT NOT NULL,
    seal     TEXT NOT NULL
);
