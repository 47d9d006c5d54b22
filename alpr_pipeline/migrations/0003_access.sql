-- Access begins with approval and training, rests after days without use, and ends at once.

ALTER TABLE accounts
    ADD COLUMN title         text NOT NULL DEFAULT '', -- job title, as in the policy
    ADD COLUMN created_by    text NOT NULL DEFAULT '',
    ADD COLUMN approved_by   text,                     -- null: nobody has approved it, or not again
    ADD COLUMN approved_at   timestamptz,
    ADD COLUMN certified_at  timestamptz,              -- when a supervisor last confirmed the need
    ADD COLUMN last_used_at  timestamptz,
    ADD COLUMN second_factor bytea,                    -- secret of the one-time codes
    ADD COLUMN code_counter  bigint NOT NULL DEFAULT 0; -- of the last code used, so that none works twice

CREATE TABLE account_trainings (
    username     text NOT NULL REFERENCES accounts,
    training     text NOT NULL,
    completed_at timestamptz NOT NULL,
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (username, training, completed_at)
);

ALTER TABLE sessions
    ADD COLUMN session_id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN address    text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX sessions_by_id ON sessions (session_id);

-- What lets a program in, within the rights of an operator.
CREATE TABLE device_tokens (
    token_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    device       text NOT NULL,
    scopes       text[] NOT NULL,
    token_hash   bytea NOT NULL UNIQUE, -- SHA-256; the token itself is shown once
    issued_by    text NOT NULL,
    issued_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- The policy in force, its history, and what was proposed. The text is the file, as it was written.
CREATE TABLE policies (
    policy_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text         text NOT NULL,
    proposed_by  text NOT NULL,
    proposed_at  timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    approved_by  text CHECK (approved_by <> proposed_by), -- a second person
    approved_at  timestamptz
);
