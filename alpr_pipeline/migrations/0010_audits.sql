-- Audits of use: the sample is a function of a seed that is on record before anybody can know what it draws.
CREATE TABLE audits (
    audit_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan        text NOT NULL,
    seed        bytea NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    sample_size integer NOT NULL,
    opened_by   text NOT NULL,
    opened_at   timestamptz NOT NULL,
    approved_by text CHECK (approved_by <> opened_by),
    approved_at timestamptz,
    CHECK (since < until)
);

CREATE TABLE audit_judgements (
    audit_id  bigint NOT NULL REFERENCES audits,
    audit_no  bigint NOT NULL, -- the record that was judged
    fits      boolean NOT NULL, -- the purpose fits the case
    note      text NOT NULL DEFAULT '',
    owner     text NOT NULL DEFAULT '', -- of a finding: who mends it
    due       date,
    judged_by text NOT NULL,
    judged_at timestamptz NOT NULL,
    PRIMARY KEY (audit_id, audit_no)
);
