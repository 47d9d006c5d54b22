-- Every load of a list is a revision with a report; what a revision ended is kept for a while, so that any can be
-- looked at, compared and restored.

ALTER TABLE hotlists ADD COLUMN produced_at timestamptz; -- when the authority made the list, where it is known

CREATE TABLE hotlist_revisions (
    list_name   text NOT NULL REFERENCES hotlists,
    revision    bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('full', 'delta', 'restore')),
    loaded_at   timestamptz NOT NULL,
    loaded_by   text NOT NULL,
    produced_at timestamptz,
    entries     integer NOT NULL,
    added       integer NOT NULL,
    removed     integer NOT NULL,
    refused     integer NOT NULL,
    report      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (list_name, revision)
);

-- json, not jsonb: a million documents are stored as they came, without being taken apart.
ALTER TABLE hotlist_entries ALTER COLUMN document TYPE json USING document::json;
ALTER TABLE hotlist_entries ADD COLUMN since_revision bigint NOT NULL DEFAULT 0;
-- A check of each of a million rows against the one row of their list took longer than the rest of a load.
ALTER TABLE hotlist_entries DROP CONSTRAINT hotlist_entries_list_name_fkey;
DROP INDEX hotlist_entries_by_list;
CREATE INDEX hotlist_entries_by_revision ON hotlist_entries (list_name, since_revision);

-- Entries that a revision took out or replaced.
CREATE TABLE hotlist_former_entries (
    list_name      text NOT NULL,
    entry_id       uuid NOT NULL,
    plate          text NOT NULL,
    valid_until    timestamptz NOT NULL,
    since_revision bigint NOT NULL,
    until_revision bigint NOT NULL,
    ended_at       timestamptz NOT NULL,
    document       json NOT NULL
);
CREATE INDEX hotlist_former_entries_by_revision ON hotlist_former_entries (list_name, until_revision);
CREATE INDEX hotlist_former_entries_by_end ON hotlist_former_entries (ended_at);

-- The bus is told of the entry as it is when it is told.
ALTER TABLE hotlist_outbox DROP COLUMN document;
-- A load leaves one row here, for all entries that its revision changed.
ALTER TABLE hotlist_outbox ALTER COLUMN entry_id DROP NOT NULL;
ALTER TABLE hotlist_outbox ADD COLUMN list_name text, ADD COLUMN revision bigint;
