-- What people are told: one row per person and matter.
CREATE TABLE notifications (
    id          UUID PRIMARY KEY NOT NULL,
    version     INTEGER NOT NULL,
    user_id     UUID NOT NULL REFERENCES users (id),
    code        TEXT NOT NULL,
    record_kind TEXT NOT NULL,
    record_id   UUID NOT NULL,
    params      JSONB NOT NULL,
    read_at     TIMESTAMPTZ,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  UUID,
    updated_at  TIMESTAMPTZ NOT NULL,
    updated_by  UUID
);
CREATE INDEX notifications_user ON notifications (user_id, created_at, id);
CREATE INDEX notifications_unread ON notifications (user_id, created_at, id) WHERE read_at IS NULL;
CREATE INDEX notifications_code ON notifications (user_id, code, created_at, id);
CREATE INDEX notifications_record ON notifications (record_id, created_at);
