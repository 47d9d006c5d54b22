-- What public reports count, kept after the counted is gone: numbers by day, and never a plate.

-- The writer adds one row a batch, in the transaction that stores the reads; the purge folds past days to one row each.
CREATE TABLE read_tallies (
    day   date NOT NULL, -- UTC
    reads bigint NOT NULL
);
CREATE INDEX read_tallies_by_day ON read_tallies (day);
INSERT INTO read_tallies SELECT (captured_at AT TIME ZONE 'UTC')::date, count(*) FROM reads GROUP BY 1;

-- Hits that were destroyed, counted in the transaction that destroys them.
CREATE TABLE hit_tallies (
    day       date NOT NULL,
    list_name text NOT NULL,
    hits      bigint NOT NULL,
    verified  bigint NOT NULL,
    refuted   bigint NOT NULL,
    closed    bigint NOT NULL, -- without either
    PRIMARY KEY (day, list_name)
);

-- What was published, as it was: no later change of a number, and no other cut of the same days, can be subtracted from
-- it. Longer periods are added up from these.
CREATE TABLE transparency_reports (
    covers       daterange PRIMARY KEY,
    document     jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    EXCLUDE USING gist (covers WITH &&)
);
