-- Agreements with agencies that may receive data: asked for, verified step by step, approved by another person, ended.
CREATE TABLE sharing_agreements (
    agreement_id  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agency        text NOT NULL,
    kind          text NOT NULL,
    state         text NOT NULL,
    contact       text NOT NULL,
    legal_right   text NOT NULL, -- the law that lets it have the data
    need          text NOT NULL,
    scope         text NOT NULL CHECK (scope IN ('hits', 'queries')),
    lists         text[] NOT NULL, -- whose verified hits it receives
    cameras       text[] NOT NULL, -- empty: all
    south         double precision, -- an area, or none
    west          double precision,
    north         double precision,
    east          double precision,
    look_back     interval NOT NULL,
    queries_a_day integer NOT NULL CHECK (queries_a_day BETWEEN 0 AND 10000),
    document      text NOT NULL,
    document_hash bytea NOT NULL CHECK (octet_length(document_hash) = 32), -- SHA-256 of the signed agreement
    signed_on     date NOT NULL,
    until         timestamptz NOT NULL,
    requested_by  text NOT NULL, -- who put the agency's request on record
    requested_at  timestamptz NOT NULL,
    approved_by   text,
    approved_at   timestamptz,
    ended_by      text, -- ended, or refused before it was approved
    ended_at      timestamptz,
    ended_why     text NOT NULL DEFAULT '',
    CHECK (approved_by <> requested_by),
    CHECK (num_nulls(south, west, north, east) IN (0, 4)),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX sharing_agreements_living ON sharing_agreements (agency) WHERE ended_at IS NULL;

CREATE TABLE sharing_checks (
    agreement_id uuid NOT NULL REFERENCES sharing_agreements,
    step         text NOT NULL,
    how          text NOT NULL CHECK (how <> ''),
    checked_by   text NOT NULL,
    checked_at   timestamptz NOT NULL,
    PRIMARY KEY (agreement_id, step)
);

CREATE TABLE partner_tokens (
    token_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agreement_id uuid NOT NULL REFERENCES sharing_agreements,
    token_hash   bytea NOT NULL UNIQUE, -- SHA-256; the token itself is shown once
    issued_by    text NOT NULL,
    issued_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);

-- Of the hits that were destroyed: how many led to an arrest.
ALTER TABLE hit_tallies ADD COLUMN arrests bigint NOT NULL DEFAULT 0;
CREATE FUNCTION hit_arrested(hit uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM hit_steps WHERE hit_id = hit AND to_state = 'disposed' AND facts ->> 'disposition' = 'arrested')
$$;
