-- Lists and cameras that nobody is told of for a while. The highest priority is told all the same.
CREATE TABLE alert_mutes (
    mute_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    list_name text,
    camera_id text,
    reason    text NOT NULL CHECK (reason <> ''),
    placed_by text NOT NULL,
    placed_at timestamptz NOT NULL,
    until_at  timestamptz NOT NULL CHECK (until_at > placed_at),
    ended_by  text,
    ended_at  timestamptz,
    CHECK (num_nonnulls(list_name, camera_id) = 1)
);
CREATE INDEX alert_mutes_by_end ON alert_mutes (until_at);

ALTER TABLE alert_deliveries RENAME COLUMN webhook TO channel;

-- A hit of a read that passed before its entry was made: on record, and no alarm.
ALTER TABLE hits ADD COLUMN past boolean NOT NULL DEFAULT false;
DROP INDEX hits_open;
CREATE INDEX hits_open ON hits (captured_at DESC, hit_id DESC)
    WHERE state IN ('new', 'seen', 'verified', 'confirmed') AND NOT past;
