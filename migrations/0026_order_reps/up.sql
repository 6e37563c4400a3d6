-- Whose order it is today, apart from the owner of its customer, who sees all orders of the customer anyway: null means
-- that there is nobody else.
ALTER TABLE orders ADD COLUMN responsible_id UUID REFERENCES users (id);
CREATE INDEX orders_responsible ON orders (responsible_id, order_date, id) WHERE responsible_id IS NOT NULL;

-- Whom an order counts for, by day, where that has changed. `reps` says so; the table repeats it for sums.
ALTER TABLE orders ADD COLUMN reps JSONB NOT NULL DEFAULT '[]';
CREATE TABLE order_reps (
    order_id UUID NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    valid_from DATE NOT NULL,
    valid_to DATE,
    rep_id UUID REFERENCES users (id),
    team_id UUID REFERENCES teams (id),
    PRIMARY KEY (order_id, valid_from)
);
CREATE INDEX order_reps_rep ON order_reps (rep_id);

-- What the next start has to fill in the records that there are, since SQL does not write the journal.
CREATE TABLE fills (name TEXT NOT NULL PRIMARY KEY);
INSERT INTO fills (name) VALUES ('orders.responsible_id');
