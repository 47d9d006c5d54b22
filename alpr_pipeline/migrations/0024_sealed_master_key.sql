-- The master key of a site that has a key management service, sealed by a key that never leaves the service. Unlike the
-- keys of pictures it belongs in backups: without it what it wraps is lost, and alone it opens nothing.
CREATE TABLE sealed_master_key (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one), -- there is no second
    sealed  bytea NOT NULL,
    by_key  text NOT NULL, -- of the service
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
