-- A key for the pictures of each day and class, wrapped by a master key that is not in the database. Destroying it ends
-- the day's pictures in every backup of the picture store. Leave this table's data out of backups of the database.
CREATE TABLE picture_keys (
    class        text NOT NULL, -- reads or hits
    day          date NOT NULL,
    wrapped      bytea,         -- null: destroyed
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    PRIMARY KEY (class, day),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
