-- An audit draws searches or accounts, judges three questions of each, and follows its findings to their end.
ALTER TABLE audits
    ADD COLUMN draws  text NOT NULL DEFAULT 'searches' CHECK (draws IN ('searches', 'accounts')),
    ADD COLUMN report text; -- signed when the audit was approved

ALTER TABLE audit_judgements
    ADD COLUMN training_valid    boolean NOT NULL DEFAULT true,
    ADD COLUMN look_back_allowed boolean NOT NULL DEFAULT true, -- of an account: held by the person named
    ADD COLUMN resolution        text NOT NULL DEFAULT '',      -- of a finding: what was done about it
    ADD COLUMN resolved_by       text,
    ADD COLUMN resolved_at       timestamptz;

-- What the agency's staff file says of its people: when they work, and their vehicles as keyed digests, never as plates.
CREATE TABLE staff (
    username text PRIMARY KEY,
    shift    text NOT NULL DEFAULT '',
    vehicles bytea[] NOT NULL DEFAULT '{}',
    told_at  timestamptz NOT NULL
);
