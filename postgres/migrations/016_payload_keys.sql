-- The keys of payloads that can be forgotten (docs/retention.md). Who has a copy of this table and the file that wraps its
-- keys can read what they encrypt: its backups must not live longer than the shortest class of retention.

CREATE TABLE sealstream.payload_keys (
    ledger          text COLLATE "C" NOT NULL,
    name            text COLLATE "C" NOT NULL, -- class/from/until
    retention_class text COLLATE "C" NOT NULL,
    starts          timestamptz NOT NULL,
    ends            timestamptz NOT NULL,
    wrapped         bytea,                     -- null: destroyed, for ever
    wrapped_by      text COLLATE "C" NOT NULL, -- names the key in the file
    made            timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed       timestamptz,
    told_at         bigint,                    -- position of the event that says so
    PRIMARY KEY (ledger, name),
    CHECK ((wrapped IS NULL) = (destroyed IS NOT NULL))
);
CREATE INDEX payload_keys_destroyed ON sealstream.payload_keys (ledger, destroyed) WHERE destroyed IS NOT NULL;
CREATE INDEX payload_keys_alive ON sealstream.payload_keys (ledger, ends) WHERE wrapped IS NOT NULL;
CREATE INDEX payload_keys_untold ON sealstream.payload_keys (ledger, ends) WHERE wrapped IS NULL AND told_at IS NULL;

-- A key that is destroyed stays so, whoever comes with a copy.
CREATE FUNCTION sealstream.keep_destroyed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.wrapped IS NULL AND NEW.wrapped IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'SL409', MESSAGE = 'refused: the key ' || OLD.name || ' is destroyed';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_destroyed BEFORE UPDATE ON sealstream.payload_keys
    FOR EACH ROW EXECUTE FUNCTION sealstream.keep_destroyed();

-- Events that wait for a fold to be repaired are copies of payloads like any other.
ALTER TABLE sealstream.parked_events
    ADD COLUMN payload_key text COLLATE "C",
    ADD COLUMN expired boolean NOT NULL DEFAULT false;
CREATE INDEX parked_events_by_payload_key ON sealstream.parked_events (ledger, payload_key)
    WHERE payload_key IS NOT NULL AND NOT expired;

-- Types whose payloads are encrypted, by event type and by stream type. sealstream.append() has no keys, so where it writes
-- the log itself it refuses them; behind an outbox the relay encrypts.
ALTER TABLE sealstream.append_settings
    ADD COLUMN encrypted_types text[] COLLATE "C" NOT NULL DEFAULT '{}',
    ADD COLUMN encrypted_streams text[] COLLATE "C" NOT NULL DEFAULT '{}';

CREATE FUNCTION sealstream.check_encryption(
    settings sealstream.append_settings, stream_type text, type text, data text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_variable
BEGIN
    IF type = ANY (settings.encrypted_types) OR stream_type = ANY (settings.encrypted_streams) THEN
        RAISE EXCEPTION USING ERRCODE = 'SL501', DETAIL = 'at /type',
            MESSAGE = 'unsupported: ' || type || ' in ' || stream_type
                      || ' has a retention class, and SQL can not encrypt its payload',
            HINT = 'Append events of this type over HTTP.';
    END IF;
    IF starts_with(data, '{"$encrypted":') THEN
        PERFORM sealstream.refuse('SL400', 'malformed', 'data may not begin with the member $encrypted',
                                  '/data/$encrypted');
    END IF;
END
$$;
REVOKE ALL ON FUNCTION sealstream.check_encryption FROM PUBLIC;

CREATE OR REPLACE FUNCTION sealstream.append_to_log(
    settings sealstream.append_settings, name text[], type text, data text, expected_version bigint, actor text,
    meta text, key text, id uuid, time_ns bigint, source text,
    OUT "position" bigint, OUT version bigint, OUT is_repeat boolean)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_variable
DECLARE
    ledger_row sealstream.ledgers;
BEGIN
    SELECT * INTO STRICT ledger_row FROM sealstream.ledgers AS l WHERE l.ledger = settings.ledger FOR UPDATE;
    IF NOT EXISTS (SELECT FROM sealstream.records AS r WHERE r.ledger_id = ledger_row.ledger_id AND r.id = id) THEN
        PERFORM sealstream.check_encryption(settings, name[1], type, data);
        PERFORM sealstream.check_emission(settings, ledger_row.ledger_id, type, source, name[1]);
        PERFORM sealstream.check_content(settings, ledger_row.ledger_id, type);
    END IF;
    SELECT l.position, l.version, l.is_repeat INTO position, version, is_repeat
    FROM sealstream.append_admitted(settings, name, type, data, expected_version, actor, meta, key, id, time_ns,
                                    source) AS l;
END
$$;

-- Whether a copy of a projection's tables may hold payloads that nobody may read any more: of tables that stood at `place` when a key was destroyed
-- whose end they had not folded yet, or that were made before.
CREATE FUNCTION sealstream.may_hold_forgotten(
    ledger text, definition jsonb, place bigint, made timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT (coalesce(jsonb_array_length(definition->'follows'), 0) = 0 OR definition->'follows' ? 'sealstream-retention')
       AND EXISTS (SELECT FROM sealstream.payload_keys AS k
                   WHERE k.ledger = $1 AND k.destroyed >= $4 AND (k.told_at IS NULL OR k.told_at > $3))
$$;
REVOKE ALL ON FUNCTION sealstream.may_hold_forgotten FROM PUBLIC;
