-- Entries made by hand that wait for a second person, where the policy asks for one. A row goes with its decision, and
-- lapses: it holds a plate.
CREATE TABLE proposed_entries (
    entry_id    uuid PRIMARY KEY,
    list_name   text NOT NULL,
    document    jsonb NOT NULL, -- the whole entry, as it will be in force
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    lapses_at   timestamptz NOT NULL CHECK (lapses_at > proposed_at)
);
