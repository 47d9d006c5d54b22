-- Files of search results: who made which, when it goes, and that it went. The rows hold no plate; the files are sealed.
CREATE TABLE exports (
    export_id    uuid PRIMARY KEY,
    serial       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    made_by      text NOT NULL,
    made_at      timestamptz NOT NULL,
    purpose      text NOT NULL,
    case_ref     text NOT NULL,
    format       text NOT NULL,
    reads        integer NOT NULL,
    expires_at   timestamptz NOT NULL,
    path         text NOT NULL,
    sha256       bytea,       -- of the file; null until it was written
    destroyed_at timestamptz
);
CREATE INDEX exports_alive ON exports (expires_at) WHERE destroyed_at IS NULL;
CREATE INDEX exports_by_maker ON exports (made_by, made_at DESC);
