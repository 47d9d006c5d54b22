-- A hold on a read that hit nothing: evidence is copied, for reads go in whole partitions. The copy goes with the hold.
ALTER TABLE holds
    ALTER COLUMN hit_id DROP NOT NULL,
    ADD COLUMN read_id uuid,
    ADD CHECK (num_nonnulls(hit_id, read_id) = 1);

CREATE TABLE held_reads (
    hold_id     uuid PRIMARY KEY REFERENCES holds,
    captured_at timestamptz NOT NULL,
    document    jsonb NOT NULL, -- the whole row of the read
    pictures    text[] NOT NULL DEFAULT '{}' -- where the copies lie in the picture store
);
