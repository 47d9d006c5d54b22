-- Reads, hits, hot lists, accounts and the audit trail.
-- A merged migration is never edited: its digest is recorded when it is applied and checked at every start.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Every read of every camera, until its time has come. Partitioned by time, so that whole partitions can be dropped.
-- The key begins with the time: it keeps a resent read from being stored twice, and it serves "the newest".
CREATE TABLE reads (
    captured_at timestamptz NOT NULL,
    read_id     uuid NOT NULL,
    camera_id   text NOT NULL,
    plate       text NOT NULL,
    confidence  real NOT NULL,
    region      text,
    candidates  jsonb NOT NULL,
    characters  jsonb NOT NULL,
    box         integer[] NOT NULL,
    latitude    double precision,
    longitude   double precision,
    looks       integer NOT NULL,
    reader      text NOT NULL,
    PRIMARY KEY (captured_at, read_id)
) PARTITION BY RANGE (captured_at);
CREATE INDEX reads_by_plate ON reads (plate, captured_at DESC);
CREATE INDEX reads_by_camera ON reads (camera_id, captured_at DESC);
CREATE INDEX reads_by_part_of_plate ON reads USING gin (plate gin_trgm_ops);

-- Hits stand on their own: they hold a copy of the read and of the entry, and their pictures are copies too.
CREATE TABLE hits (
    hit_id          uuid PRIMARY KEY,
    read_id         uuid NOT NULL,
    captured_at     timestamptz NOT NULL,
    matched_at      timestamptz NOT NULL,
    stored_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    camera_id       text NOT NULL,
    list_name       text NOT NULL,
    entry_id        uuid NOT NULL,
    priority        text NOT NULL,
    document        jsonb NOT NULL, -- the whole hit, as on the bus
    state           text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'acknowledged', 'disposed')),
    acknowledged_by text,
    acknowledged_at timestamptz,
    disposition     text,
    disposed_by     text,
    disposed_at     timestamptz,
    note            text NOT NULL DEFAULT ''
);
CREATE INDEX hits_by_read ON hits (read_id);
CREATE INDEX hits_by_time ON hits (captured_at DESC, hit_id DESC);
CREATE INDEX hits_open ON hits (captured_at DESC, hit_id DESC) WHERE state <> 'disposed';

CREATE TABLE hit_pictures (
    hit_id uuid NOT NULL REFERENCES hits ON DELETE CASCADE,
    kind   text NOT NULL CHECK (kind IN ('plate', 'overview')),
    path   text NOT NULL, -- in the picture store
    PRIMARY KEY (hit_id, kind)
);

CREATE TABLE hotlists (
    list_name text PRIMARY KEY,
    revision  bigint NOT NULL,
    loaded_at timestamptz NOT NULL,
    loaded_by text NOT NULL,
    entries   integer NOT NULL,
    refused   integer NOT NULL
);

CREATE TABLE hotlist_entries (
    entry_id    uuid PRIMARY KEY,
    list_name   text NOT NULL REFERENCES hotlists,
    plate       text NOT NULL,
    valid_until timestamptz NOT NULL,
    document    jsonb NOT NULL -- the whole entry, as on the bus
);
CREATE INDEX hotlist_entries_by_list ON hotlist_entries (list_name);
CREATE INDEX hotlist_entries_by_end ON hotlist_entries (valid_until);

-- Changes of lists that the bus has not been told of yet; written with the change itself.
CREATE TABLE hotlist_outbox (
    change_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id  uuid NOT NULL,
    document  jsonb -- null: the entry was removed
);

CREATE TABLE accounts (
    username       text PRIMARY KEY,
    password_hash  text NOT NULL,
    role           text NOT NULL,
    active         boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL,
    failed_sign_ins integer NOT NULL DEFAULT 0,
    locked_until   timestamptz
);

CREATE TABLE sessions (
    token_hash   bytea PRIMARY KEY, -- SHA-256 of the token; the token itself is only in the browser
    username     text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);

-- Who did what, to what, and why; written in the transaction of the act itself.
CREATE TABLE audit_records (
    audit_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    username text,          -- null: nobody had signed in
    action   text NOT NULL,
    object   text NOT NULL DEFAULT '',
    purpose  text NOT NULL DEFAULT '',
    outcome  text NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_records_by_time ON audit_records (at DESC);
