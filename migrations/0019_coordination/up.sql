-- Other departments, suppliers and partners, and what is asked of them.
CREATE TABLE departments (
    id             UUID PRIMARY KEY NOT NULL,
    version        INTEGER NOT NULL,
    code           TEXT NOT NULL,
    name           TEXT NOT NULL,
    name_sort      TEXT NOT NULL,
    name_en        TEXT,
    kind           TEXT NOT NULL,
    lead_id        UUID REFERENCES users (id),
    team_id        UUID REFERENCES teams (id),
    response_hours INTEGER NOT NULL,
    active         BOOLEAN NOT NULL,
    external_ids   JSONB NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    created_by     UUID,
    updated_at     TIMESTAMPTZ NOT NULL,
    updated_by     UUID
);
CREATE UNIQUE INDEX departments_code_unique ON departments (code);
CREATE INDEX departments_name ON departments (name_sort, id);
CREATE INDEX departments_updated ON departments (updated_at, id);
CREATE INDEX departments_kind ON departments (kind, code, id);
CREATE INDEX departments_active ON departments (active, code, id);
CREATE INDEX departments_lead ON departments (lead_id, code, id);
CREATE INDEX departments_team ON departments (team_id, code, id);

CREATE TABLE suppliers (
    id             UUID PRIMARY KEY NOT NULL,
    version        INTEGER NOT NULL,
    code           TEXT NOT NULL,
    name           TEXT NOT NULL,
    name_sort      TEXT NOT NULL,
    short_name     TEXT,
    kind           TEXT NOT NULL,
    country        TEXT NOT NULL,
    tax_id         TEXT,
    phone          TEXT,
    email          TEXT,
    status         TEXT NOT NULL,
    block_reason   TEXT,
    owner_id       UUID REFERENCES users (id),
    response_hours INTEGER NOT NULL,
    notes          TEXT,
    external_ids   JSONB NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    created_by     UUID,
    updated_at     TIMESTAMPTZ NOT NULL,
    updated_by     UUID
);
CREATE UNIQUE INDEX suppliers_code_unique ON suppliers (code);
CREATE INDEX suppliers_name ON suppliers (name_sort, id);
CREATE INDEX suppliers_updated ON suppliers (updated_at, id);
CREATE INDEX suppliers_kind ON suppliers (kind, name_sort, id);
CREATE INDEX suppliers_status ON suppliers (status, name_sort, id);
CREATE INDEX suppliers_owner ON suppliers (owner_id, name_sort, id);
CREATE INDEX suppliers_tax_id ON suppliers (tax_id);

CREATE TABLE supplier_contacts (
    id          UUID PRIMARY KEY NOT NULL,
    version     INTEGER NOT NULL,
    supplier_id UUID NOT NULL REFERENCES suppliers (id),
    name        TEXT NOT NULL,
    name_sort   TEXT NOT NULL,
    role        TEXT,
    phone       TEXT,
    email       TEXT,
    wechat      TEXT,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  UUID,
    updated_at  TIMESTAMPTZ NOT NULL,
    updated_by  UUID
);
CREATE INDEX supplier_contacts_supplier ON supplier_contacts (supplier_id, name_sort, id);

CREATE TABLE requests (
    id               UUID PRIMARY KEY NOT NULL,
    version          INTEGER NOT NULL,
    number           TEXT NOT NULL,
    status           TEXT NOT NULL,
    kind             TEXT NOT NULL,
    department_id    UUID REFERENCES departments (id),
    supplier_id      UUID REFERENCES suppliers (id),
    subject          TEXT NOT NULL,
    body             TEXT,
    about            TEXT,
    about_kind       TEXT,
    customer_id      UUID REFERENCES customers (id),
    order_line_ids   JSONB NOT NULL,
    requester_id     UUID REFERENCES users (id),
    team_id          UUID REFERENCES teams (id),
    assignee_id      UUID REFERENCES users (id),
    wanted_by        DATE NOT NULL,
    due_on           DATE NOT NULL,
    promised_on      DATE,
    promise          TEXT,
    proposals        JSONB NOT NULL,
    outcome          TEXT,
    answered_at      TIMESTAMPTZ,
    started_at       TIMESTAMPTZ,
    ended_at         TIMESTAMPTZ,
    response_seconds BIGINT,
    response_missed  BOOLEAN NOT NULL,
    delivery_missed  BOOLEAN NOT NULL,
    escalation_level INTEGER NOT NULL,
    created_at       TIMESTAMPTZ NOT NULL,
    created_by       UUID,
    updated_at       TIMESTAMPTZ NOT NULL,
    updated_by       UUID
);
CREATE UNIQUE INDEX requests_number ON requests (number);
CREATE INDEX requests_created ON requests (created_at, id);
CREATE INDEX requests_updated ON requests (updated_at, id);
CREATE INDEX requests_due ON requests (due_on, id);
CREATE INDEX requests_wanted ON requests (wanted_by, id);
CREATE INDEX requests_status ON requests (status, created_at, id);
CREATE INDEX requests_kind ON requests (kind, created_at, id);
CREATE INDEX requests_department ON requests (department_id, created_at, id);
CREATE INDEX requests_supplier ON requests (supplier_id, created_at, id);
CREATE INDEX requests_about ON requests (about, created_at, id);
CREATE INDEX requests_customer ON requests (customer_id, created_at, id);
CREATE INDEX requests_requester ON requests (requester_id, created_at, id);
CREATE INDEX requests_team ON requests (team_id, created_at, id);
CREATE INDEX requests_assignee ON requests (assignee_id, created_at, id);
CREATE INDEX requests_late ON requests (created_at, id)
    WHERE status IN ('open', 'accepted', 'in_progress') AND (delivery_missed OR (status = 'open' AND response_missed));
-- What the worklist looks for: only what is still to be done, however much there was.
CREATE INDEX requests_open ON requests (assignee_id, due_on) WHERE status IN ('open', 'accepted', 'in_progress');
CREATE INDEX requests_proposed ON requests (requester_id, due_on)
    WHERE status IN ('accepted', 'in_progress') AND promise = 'proposed';

CREATE TABLE request_replies (
    id         UUID PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL,
    request_id UUID NOT NULL REFERENCES requests (id),
    text       TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID
);
CREATE INDEX request_replies_request ON request_replies (request_id, created_at, id);
