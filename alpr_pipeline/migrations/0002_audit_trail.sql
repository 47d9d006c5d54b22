-- The audit trail: append-only, and chained by hash so that a change of the past shows.
--
-- A record's hash covers the record and the hash of the one before it. One chain would make every look wait for the
-- commit of the one before, so there are eight lanes: a transaction takes the first that is free and keeps it until
-- its end. Within a lane numbers have no gap, for a number is given under the lane's lock and rolls back with it.

ALTER TABLE accounts ADD COLUMN entity text NOT NULL DEFAULT ''; -- empty: the agency itself

ALTER TABLE audit_records RENAME TO audit_records_unchained;
ALTER TABLE audit_records_unchained RENAME CONSTRAINT audit_records_pkey TO audit_records_unchained_pkey;
DROP INDEX audit_records_by_time;

CREATE SEQUENCE audit_numbers;

CREATE TABLE audit_records (
    audit_no bigint NOT NULL DEFAULT nextval('audit_numbers'),
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    username text,                        -- null: nobody had signed in, or the machine did it
    entity   text NOT NULL DEFAULT '',    -- whom the user belongs to; empty: the agency itself
    role     text NOT NULL DEFAULT '',    -- as it was then
    action   text NOT NULL,
    object   text NOT NULL DEFAULT '',
    purpose  text NOT NULL DEFAULT '',
    case_ref text NOT NULL DEFAULT '',
    count    integer,                     -- how much was seen or done
    outcome  text NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail   jsonb NOT NULL DEFAULT '{}',
    lane     smallint NOT NULL,
    lane_no  bigint NOT NULL,
    hash     bytea NOT NULL,
    PRIMARY KEY (at, audit_no)
) PARTITION BY RANGE (at);
CREATE INDEX audit_records_by_number ON audit_records (audit_no);
CREATE INDEX audit_records_by_lane ON audit_records (lane, lane_no);
CREATE INDEX audit_records_by_user ON audit_records (username, at);

-- Where each lane has come to.
CREATE TABLE audit_heads (
    lane    smallint PRIMARY KEY,
    last_no bigint NOT NULL DEFAULT 0,
    hash    bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    last_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 10);
INSERT INTO audit_heads (lane) SELECT generate_series(0, 7);

-- Where each lane's chain begins after its oldest part was destroyed in its time.
CREATE TABLE audit_anchors (
    partition  text NOT NULL,
    lane       smallint NOT NULL,
    last_no    bigint NOT NULL,
    hash       bytea NOT NULL,
    until      timestamptz NOT NULL, -- everything destroyed was older
    records    bigint NOT NULL,
    destroyed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (lane, last_no)
);

-- A field so that no two records can have the same bytes: its length, then it.
CREATE FUNCTION audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-') || ';'
$$;

-- Take a lane for the rest of the transaction: the one it has, else the first free one, else wait for one.
CREATE FUNCTION audit_take_lane() RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    taken smallint := nullif(current_setting('alpr.audit_lane', true), '')::smallint;
BEGIN
    IF taken IS NULL THEN
        SELECT lane INTO taken FROM audit_heads ORDER BY lane LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF taken IS NULL THEN
            SELECT lane INTO taken FROM audit_heads
            WHERE lane = pg_backend_pid() % (SELECT count(*) FROM audit_heads) FOR UPDATE;
        END IF;
        PERFORM set_config('alpr.audit_lane', taken::text, true);
    END IF;
    RETURN taken;
END
$$;

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_heads;
BEGIN
    SELECT * INTO head FROM audit_heads WHERE lane = audit_take_lane() FOR UPDATE;
    IF head.lane IS NULL THEN
        RAISE EXCEPTION 'the audit trail has no lane to write to' USING ERRCODE = 'data_corrupted';
    END IF;
    IF NEW.at < head.last_at - interval '1 second' THEN
        NEW.detail := NEW.detail || jsonb_build_object(
            'clock_set_back_s', round(extract(epoch FROM head.last_at - NEW.at), 2));
    END IF;
    NEW.lane := head.lane;
    NEW.lane_no := head.last_no + 1;
    NEW.hash := sha256(head.hash || convert_to(
        audit_field(NEW.lane::text) || audit_field(NEW.lane_no::text) || audit_field(NEW.audit_no::text)
        || audit_field((extract(epoch FROM NEW.at) * 1000000)::bigint::text)
        || audit_field(NEW.username) || audit_field(NEW.entity) || audit_field(NEW.role) || audit_field(NEW.action)
        || audit_field(NEW.object) || audit_field(NEW.purpose) || audit_field(NEW.case_ref)
        || audit_field(NEW.count::text) || audit_field(NEW.outcome) || audit_field(NEW.detail::text), 'UTF8'));
    UPDATE audit_heads SET last_no = NEW.lane_no, hash = NEW.hash, last_at = greatest(NEW.at, head.last_at)
    WHERE lane = head.lane;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE ON audit_records FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse_all BEFORE TRUNCATE ON audit_records EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE ON audit_anchors FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse_all BEFORE TRUNCATE ON audit_anchors EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse BEFORE DELETE ON audit_heads FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_refuse_all BEFORE TRUNCATE ON audit_heads EXECUTE FUNCTION audit_refuse();

-- Make the monthly partitions that are missing between two moments.
CREATE FUNCTION audit_make_partitions(since timestamptz, until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz := date_trunc('month', since, 'UTC');
    part  text;
BEGIN
    WHILE month <= until LOOP
        part := to_char(month AT TIME ZONE 'UTC', '"audit_records_p"YYYYMM');
        IF to_regclass(quote_ident(part)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF audit_records FOR VALUES FROM (%L) TO (%L)',
                part, month, date_trunc('month', month + interval '40 days', 'UTC'));
            EXECUTE format('CREATE TRIGGER audit_refuse_all BEFORE TRUNCATE ON %I EXECUTE FUNCTION audit_refuse()', part);
            EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM PUBLIC, CURRENT_USER', part);
        END IF;
        month := date_trunc('month', month + interval '40 days', 'UTC');
    END LOOP;
END
$$;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_records, audit_anchors FROM PUBLIC, CURRENT_USER;
REVOKE DELETE, TRUNCATE ON audit_heads FROM PUBLIC, CURRENT_USER;

-- Three years ahead; the purge makes more in time.
SELECT audit_make_partitions(
    least(now(), (SELECT min(at) FROM audit_records_unchained)), now() + interval '3 years');

INSERT INTO audit_records (at, username, action, object, purpose, outcome, detail)
SELECT at, username, action, object, purpose, outcome, detail FROM audit_records_unchained ORDER BY audit_no;
DROP TABLE audit_records_unchained;
