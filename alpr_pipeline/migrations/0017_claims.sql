-- Claims of an error: from anybody, decided by a named person, answered; gone when their period is over.
CREATE TABLE claims (
    claim_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(), -- also what the claimant follows it by
    about        text NOT NULL CHECK (about IN ('read', 'entry', 'hit')),
    plate        text NOT NULL,
    said         text NOT NULL,
    place        text NOT NULL,
    seen_at      timestamptz,
    name         text NOT NULL,
    contact      text NOT NULL,
    reported_by  text,          -- an account of the agency; null: somebody from outside
    received_at  timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    identity_by  text,
    identity_how text NOT NULL DEFAULT '',
    identity_at  timestamptz,
    decided_by   text CHECK (decided_by <> reported_by),
    decided_at   timestamptz,
    granted      boolean,
    reason       text NOT NULL DEFAULT '',
    effect       text NOT NULL DEFAULT '',
    answer       text NOT NULL DEFAULT '',
    answered_by  text,
    answered_at  timestamptz,
    CHECK ((decided_by IS NULL) = (granted IS NULL)),
    CHECK (decided_by IS NULL OR identity_by IS NOT NULL),
    CHECK (answered_by IS NULL OR decided_by IS NOT NULL)
);
CREATE INDEX claims_open ON claims (due_at) WHERE answered_at IS NULL;
CREATE INDEX claims_by_answer ON claims (answered_at);

-- A hit that turned out to be wrong after it had ended: its steps stay what they were, its verdict does not.
CREATE TABLE hit_corrections (
    hit_id       uuid PRIMARY KEY REFERENCES hits ON DELETE CASCADE,
    reason       text NOT NULL,
    corrected_by text NOT NULL,
    corrected_at timestamptz NOT NULL
);
CREATE OR REPLACE FUNCTION hit_verdict(hit uuid, state text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN state <> 'refuted' AND EXISTS (SELECT FROM hit_corrections WHERE hit_id = hit) THEN 'refuted'
        WHEN state = 'refuted' THEN 'refuted'
        WHEN state = 'set-aside' THEN 'closed'
        WHEN state = 'confirmed' THEN 'verified'
        WHEN state = 'disposed' THEN (
            SELECT CASE facts ->> 'disposition' WHEN 'mistaken' THEN 'refuted' ELSE 'verified' END
            FROM hit_steps WHERE hit_id = hit AND to_state = 'disposed')
        ELSE 'waiting' END
$$;
