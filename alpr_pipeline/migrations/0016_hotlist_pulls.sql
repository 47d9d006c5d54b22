-- When each source of hot lists was looked at, and what came of it.
CREATE TABLE hotlist_pulls (
    source     text PRIMARY KEY,
    list_name  text NOT NULL,
    tried_at   timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,          -- when it is looked at next
    current_at timestamptz,                   -- when the list in force was last known to be what the source has
    mark       text NOT NULL DEFAULT '',      -- tells that the file in force has not changed
    failures   integer NOT NULL DEFAULT 0,    -- in a row
    error      text NOT NULL DEFAULT ''       -- of the last try; empty: it went well
);
