-- What stops deletion: a hold on a hit, for a case, by one person, approved by another, looked at again on a day.
ALTER TABLE hits ADD COLUMN held boolean NOT NULL DEFAULT false;

CREATE TABLE holds (
    hold_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    hit_id      uuid NOT NULL, -- no foreign key: a hit that is missing under a hold must be found missing
    case_ref    text NOT NULL CHECK (case_ref <> ''),
    reason      text NOT NULL CHECK (reason <> ''),
    placed_by   text NOT NULL,
    placed_at   timestamptz NOT NULL,
    review_at   timestamptz NOT NULL,
    approved_by text CHECK (approved_by <> placed_by),
    approved_at timestamptz,
    released_by text,
    released_at timestamptz
);
CREATE INDEX holds_in_force ON holds (hit_id) WHERE released_at IS NULL;
