-- The way of a hit, step by step: who, when, and what they found. Nothing skips a step, whatever a program asks for:
-- a step must be one of the table, must begin where the last one ended, and can be taken once.
CREATE TABLE hit_transitions (
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (from_state, to_state)
);
INSERT INTO hit_transitions VALUES
    ('new', 'seen'),
    ('seen', 'verified'), ('seen', 'refuted'), ('seen', 'set-aside'),
    ('verified', 'confirmed'), ('verified', 'refuted'), ('verified', 'set-aside'),
    ('confirmed', 'disposed');

CREATE TABLE hit_steps (
    hit_id     uuid NOT NULL REFERENCES hits ON DELETE CASCADE,
    from_state text NOT NULL,
    to_state   text NOT NULL,
    by_user    text NOT NULL CHECK (by_user <> ''),
    at         timestamptz NOT NULL,
    facts      jsonb NOT NULL, -- what was found, as the API takes it
    begins_at  text GENERATED ALWAYS AS (nullif(from_state, 'new')) STORED,
    PRIMARY KEY (hit_id, to_state),
    UNIQUE (hit_id, from_state),
    FOREIGN KEY (from_state, to_state) REFERENCES hit_transitions,
    FOREIGN KEY (hit_id, begins_at) REFERENCES hit_steps (hit_id, to_state),
    CHECK (coalesce(facts ->> 'to' = to_state, false)),
    CHECK (to_state <> 'verified' OR facts @> '{"characters": true, "issuer": true, "vehicle": true}'),
    CHECK (to_state <> 'refuted' OR coalesce(facts ->> 'reason' <> '', false)),
    CHECK (to_state <> 'confirmed' OR coalesce(facts ->> 'said_by' <> '' AND facts ->> 'said_how' <> '', false)),
    CHECK (to_state <> 'disposed' OR coalesce(facts ->> 'disposition' <> '', false)),
    CHECK (to_state <> 'set-aside' OR coalesce(facts ->> 'note' <> '', false))
);
CREATE INDEX hit_steps_by_time ON hit_steps (at);

-- What was done stays as it was said; it goes with its hit alone.
CREATE FUNCTION hit_steps_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM hits WHERE hit_id = OLD.hit_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a step of a hit is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;

-- The state of a hit is where its last step ended, and nothing else.
CREATE FUNCTION hit_steps_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hits SET state = NEW.to_state WHERE hit_id = NEW.hit_id AND state = NEW.from_state;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the step does not begin where the hit stands' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION hits_keep_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state <> 'new' OR TG_OP = 'UPDATE' AND NEW.state <> OLD.state AND NOT EXISTS (
        SELECT FROM hit_steps WHERE hit_id = NEW.hit_id AND from_state = OLD.state AND to_state = NEW.state
    ) THEN
        RAISE EXCEPTION 'a hit changes its state by a step alone' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

-- What was done before there were steps, as far as it was kept; the audit trail has the rest.
ALTER TABLE hits DROP CONSTRAINT hits_state_check;
INSERT INTO hit_steps (hit_id, from_state, to_state, by_user, at, facts)
SELECT hit_id, 'new', 'seen', acknowledged_by, acknowledged_at, '{"to": "seen"}' FROM hits WHERE state <> 'new';
INSERT INTO hit_steps (hit_id, from_state, to_state, by_user, at, facts)
SELECT hit_id, 'seen', 'verified', disposed_by, disposed_at,
       '{"to": "verified", "characters": true, "issuer": true, "vehicle": true}'
FROM hits WHERE disposition = 'confirmed';
INSERT INTO hit_steps (hit_id, from_state, to_state, by_user, at, facts)
SELECT hit_id, 'verified', 'confirmed', disposed_by, disposed_at,
       '{"to": "confirmed", "said_by": "see the audit trail", "said_how": "see the audit trail"}'
FROM hits WHERE disposition = 'confirmed';
INSERT INTO hit_steps (hit_id, from_state, to_state, by_user, at, facts)
SELECT hit_id, 'seen', 'refuted', disposed_by, disposed_at,
       jsonb_build_object('to', 'refuted', 'note', note, 'reason',
           CASE disposition WHEN 'not-active' THEN 'not-listed' ELSE disposition END)
FROM hits WHERE disposition IN ('misread', 'wrong-issuer', 'other-vehicle', 'not-active');
INSERT INTO hit_steps (hit_id, from_state, to_state, by_user, at, facts)
SELECT hit_id, 'seen', 'set-aside', disposed_by, disposed_at,
       jsonb_build_object('to', 'set-aside', 'note', CASE WHEN length(note) < 3 THEN 'no action' ELSE note END)
FROM hits WHERE disposition = 'no-action';
UPDATE hits SET state = CASE
    WHEN state = 'acknowledged' THEN 'seen'
    WHEN disposition = 'confirmed' THEN 'confirmed'
    WHEN disposition = 'no-action' THEN 'set-aside'
    ELSE 'refuted' END
WHERE state <> 'new';
DROP INDEX hits_open;
ALTER TABLE hits
    DROP COLUMN acknowledged_by, DROP COLUMN acknowledged_at, DROP COLUMN disposition,
    DROP COLUMN disposed_by, DROP COLUMN disposed_at, DROP COLUMN note,
    ADD CHECK (state IN ('new', 'seen', 'verified', 'refuted', 'confirmed', 'disposed', 'set-aside'));
CREATE INDEX hits_open ON hits (captured_at DESC, hit_id DESC) WHERE state IN ('new', 'seen', 'verified', 'confirmed');

CREATE TRIGGER hit_steps_refuse BEFORE UPDATE OR DELETE ON hit_steps FOR EACH ROW EXECUTE FUNCTION hit_steps_refuse();
CREATE TRIGGER hit_steps_follow AFTER INSERT ON hit_steps FOR EACH ROW EXECUTE FUNCTION hit_steps_follow();
CREATE TRIGGER hits_keep_state BEFORE INSERT OR UPDATE OF state ON hits
    FOR EACH ROW EXECUTE FUNCTION hits_keep_state();

-- What people found of a hit, in one word, for whoever counts: one that was mistaken at the stop was wrong.
CREATE FUNCTION hit_verdict(hit uuid, state text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE state
        WHEN 'refuted' THEN 'refuted'
        WHEN 'set-aside' THEN 'closed'
        WHEN 'confirmed' THEN 'verified'
        WHEN 'disposed' THEN (
            SELECT CASE facts ->> 'disposition' WHEN 'mistaken' THEN 'refuted' ELSE 'verified' END
            FROM hit_steps WHERE hit_id = hit AND to_state = 'disposed')
        ELSE 'waiting' END
$$;
