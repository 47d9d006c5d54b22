-- What the cars were told of each list, so that the next telling goes on from there and knows what is smaller.
CREATE TABLE hotlist_told (
    list_name      text PRIMARY KEY,
    revision       bigint NOT NULL, -- the newest that was told, by delta or snapshot
    snapshot       bigint NOT NULL, -- the revision of the snapshot on the bus
    snapshot_parts integer NOT NULL,
    snapshot_bytes bigint NOT NULL,
    snapshot_at    timestamptz NOT NULL
);
CREATE TABLE hotlist_told_deltas (
    list_name text NOT NULL,
    revision  bigint NOT NULL,
    parts     integer NOT NULL,
    bytes     bigint NOT NULL,
    told_at   timestamptz NOT NULL,
    PRIMARY KEY (list_name, revision)
);
CREATE TABLE hotlist_told_head (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    told_at timestamptz NOT NULL
);

-- A delta is made anew from what a revision began and ended, also when a later one has ended it.
CREATE INDEX hotlist_former_entries_by_start ON hotlist_former_entries (list_name, since_revision);
