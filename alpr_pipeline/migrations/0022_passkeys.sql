-- Passkeys (WebAuthn): the public half of each key, whose it is, and how often it has signed. The private half never
-- leaves its holder.
CREATE TABLE passkeys (
    passkey_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    credential_id bytea NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    username      text NOT NULL REFERENCES accounts,
    name          text NOT NULL,
    public_key    bytea NOT NULL,
    sign_count    bigint NOT NULL,
    added_at      timestamptz NOT NULL,
    last_used_at  timestamptz,
    revoked_at    timestamptz
);
CREATE INDEX passkeys_by_user ON passkeys (username);

-- What a browser was asked to sign, until it answers or the time is over. Taken once.
CREATE TABLE passkey_challenges (
    challenge_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    challenge    bytea NOT NULL,
    username     text REFERENCES accounts, -- who adds a key; null: somebody signs in
    expires_at   timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_by_end ON passkey_challenges (expires_at);
