-- What was decided about each hit, and the messages that follow. Both go with their hit.
CREATE TABLE alerts (
    hit_id        uuid PRIMARY KEY REFERENCES hits ON DELETE CASCADE,
    decided_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    suppressed_by uuid, -- the hit that was told instead
    muted         boolean NOT NULL
);

CREATE TABLE alert_deliveries (
    delivery_id uuid PRIMARY KEY,
    hit_id      uuid NOT NULL REFERENCES hits ON DELETE CASCADE,
    webhook     text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'not-needed', 'dead')),
    attempts    integer NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    error       text NOT NULL DEFAULT ''
);
CREATE INDEX alert_deliveries_due ON alert_deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX alert_deliveries_by_hit ON alert_deliveries (hit_id);
CREATE INDEX alert_deliveries_by_state ON alert_deliveries (state, changed_at DESC);
CREATE INDEX hits_by_storing ON hits (stored_at);
CREATE INDEX hits_by_entry ON hits (entry_id, captured_at DESC);

-- Hits from before there were alerts were told on the console alone.
INSERT INTO alerts (hit_id, muted) SELECT hit_id, true FROM hits;
