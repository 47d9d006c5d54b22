-- A search beyond what a role may do, asked for and decided by two people.
CREATE TABLE search_requests (
    request_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    purpose      text NOT NULL,
    case_ref     text NOT NULL,
    grounds      text NOT NULL,
    look_back    interval NOT NULL,             -- how far back
    movements    boolean NOT NULL,              -- one plate over days
    decided_by   text CHECK (decided_by <> requested_by),
    decided_at   timestamptz,
    granted      boolean,
    ends_at      timestamptz                    -- of what was granted
);
