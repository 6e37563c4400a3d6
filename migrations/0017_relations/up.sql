-- What is to be done by whom until when, what was talked about with customers, and what came of it.
CREATE TABLE visit_policies (
    id            UUID PRIMARY KEY NOT NULL,
    version       INTEGER NOT NULL,
    cause         TEXT NOT NULL,
    customer_tier TEXT,
    days          INTEGER NOT NULL,
    subject       TEXT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    created_by    UUID,
    updated_at    TIMESTAMPTZ NOT NULL,
    updated_by    UUID
);
CREATE UNIQUE INDEX visit_policies_unique ON visit_policies (cause, COALESCE(customer_tier, ''));
CREATE INDEX visit_policies_created ON visit_policies (created_at, id);

CREATE TABLE tasks (
    id               UUID PRIMARY KEY NOT NULL,
    version          INTEGER NOT NULL,
    kind             TEXT NOT NULL,
    status           TEXT NOT NULL,
    priority         TEXT NOT NULL,
    subject          TEXT NOT NULL,
    description      TEXT,
    customer_id      UUID REFERENCES customers (id),
    order_id         UUID REFERENCES orders (id),
    complaint_id     UUID REFERENCES complaints (id),
    assignee_id      UUID NOT NULL REFERENCES users (id),
    team_id          UUID REFERENCES teams (id),
    due_date         DATE,
    due_at           TIMESTAMPTZ NOT NULL,
    remind_minutes   INTEGER NOT NULL,
    escalate_minutes INTEGER,
    recurrence       JSONB,
    series_date      DATE,
    occurrence       INTEGER NOT NULL,
    next_id          UUID REFERENCES tasks (id),
    outcome          TEXT,
    started_at       TIMESTAMPTZ,
    ended_at         TIMESTAMPTZ,
    escalated_at     TIMESTAMPTZ,
    external_ids     JSONB NOT NULL,
    created_at       TIMESTAMPTZ NOT NULL,
    created_by       UUID,
    updated_at       TIMESTAMPTZ NOT NULL,
    updated_by       UUID
);
CREATE INDEX tasks_due ON tasks (due_at, id);
CREATE INDEX tasks_created ON tasks (created_at, id);
CREATE INDEX tasks_updated ON tasks (updated_at, id);
CREATE INDEX tasks_status ON tasks (status, due_at, id);
CREATE INDEX tasks_kind ON tasks (kind, due_at, id);
CREATE INDEX tasks_priority ON tasks (priority, due_at, id);
CREATE INDEX tasks_assignee ON tasks (assignee_id, due_at, id);
CREATE INDEX tasks_team ON tasks (team_id, due_at, id);
CREATE INDEX tasks_creator ON tasks (created_by, due_at, id);
CREATE INDEX tasks_customer ON tasks (customer_id, due_at, id);
CREATE INDEX tasks_order ON tasks (order_id, due_at, id);
CREATE INDEX tasks_complaint ON tasks (complaint_id, due_at, id);
CREATE INDEX tasks_open ON tasks (assignee_id, due_at) WHERE status IN ('open', 'in_progress');

CREATE TABLE interactions (
    id           UUID PRIMARY KEY NOT NULL,
    version      INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    direction    TEXT NOT NULL,
    happened_at  TIMESTAMPTZ NOT NULL,
    customer_id  UUID NOT NULL REFERENCES customers (id),
    contact_id   UUID REFERENCES contacts (id),
    order_id     UUID REFERENCES orders (id),
    complaint_id UUID REFERENCES complaints (id),
    task_id      UUID REFERENCES tasks (id),
    user_id      UUID REFERENCES users (id),
    team_id      UUID REFERENCES teams (id),
    summary      TEXT NOT NULL,
    next_step    TEXT,
    external_ids JSONB NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    created_by   UUID,
    updated_at   TIMESTAMPTZ NOT NULL,
    updated_by   UUID
);
CREATE INDEX interactions_happened ON interactions (happened_at, id);
CREATE INDEX interactions_updated ON interactions (updated_at, id);
CREATE INDEX interactions_kind ON interactions (kind, happened_at, id);
CREATE INDEX interactions_customer ON interactions (customer_id, happened_at, id);
CREATE INDEX interactions_contact ON interactions (contact_id, happened_at, id);
CREATE INDEX interactions_order ON interactions (order_id, happened_at, id);
CREATE INDEX interactions_complaint ON interactions (complaint_id, happened_at, id);
CREATE INDEX interactions_task ON interactions (task_id, happened_at, id);
CREATE INDEX interactions_user ON interactions (user_id, happened_at, id);
CREATE INDEX interactions_team ON interactions (team_id, happened_at, id);

CREATE TABLE feedback (
    id              UUID PRIMARY KEY NOT NULL,
    version         INTEGER NOT NULL,
    interaction_id  UUID NOT NULL REFERENCES interactions (id),
    customer_id     UUID NOT NULL REFERENCES customers (id),
    product_id      UUID REFERENCES products (id),
    kind            TEXT NOT NULL,
    status          TEXT NOT NULL,
    text            TEXT NOT NULL,
    recipients      JSONB NOT NULL,
    acknowledged_at TIMESTAMPTZ,
    created_at      TIMESTAMPTZ NOT NULL,
    created_by      UUID,
    updated_at      TIMESTAMPTZ NOT NULL,
    updated_by      UUID
);
CREATE INDEX feedback_created ON feedback (created_at, id);
CREATE INDEX feedback_updated ON feedback (updated_at, id);
CREATE INDEX feedback_interaction ON feedback (interaction_id, created_at, id);
CREATE INDEX feedback_customer ON feedback (customer_id, created_at, id);
CREATE INDEX feedback_product ON feedback (product_id, created_at, id);
CREATE INDEX feedback_kind ON feedback (kind, created_at, id);
CREATE INDEX feedback_status ON feedback (status, created_at, id);

-- Finds feedback by the people it went to; repeats feedback.recipients.
CREATE TABLE feedback_recipients (
    feedback_id  UUID NOT NULL REFERENCES feedback (id),
    user_id      UUID NOT NULL REFERENCES users (id),
    acknowledged BOOLEAN NOT NULL,
    PRIMARY KEY (feedback_id, user_id)
);
CREATE INDEX feedback_recipients_user ON feedback_recipients (user_id, acknowledged, feedback_id);

-- What a visit policy has made of which event: each once.
CREATE TABLE policy_visits (
    event_id  UUID NOT NULL,
    policy_id UUID NOT NULL,
    task_id   UUID NOT NULL REFERENCES tasks (id),
    PRIMARY KEY (event_id, policy_id)
);

-- How far in the journal those have come who make something of events.
CREATE TABLE journal_places (
    name     TEXT PRIMARY KEY NOT NULL,
    sequence BIGINT NOT NULL
);
INSERT INTO journal_places (name, sequence)
    SELECT 'visit_policies', COALESCE(MAX(sequence), 0) FROM journal_head;

ALTER TABLE settings ADD COLUMN relations JSONB NOT NULL DEFAULT '{}';

-- What the worklist looks for: only what is still to be done, however much there was.
CREATE INDEX complaints_open ON complaints (assignee_id, received_at) WHERE status NOT IN ('resolved', 'closed');
CREATE INDEX orders_drafts_rep ON orders (rep_id, updated_at) WHERE status = 'draft';
CREATE INDEX orders_drafts_creator ON orders (created_by, updated_at) WHERE status = 'draft';
