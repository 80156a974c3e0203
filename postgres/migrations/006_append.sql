-- sealstream.append(): one event, in the caller's own transaction.
--
-- target log     The ledger's row stays locked until the caller has committed, as with every other append: positions
--                are gapless and become visible in their order. Position and version are known at once.
-- target outbox  The event waits in the outbox; its position is null until the relay has brought it into the log.

CREATE FUNCTION sealstream.check_label(name text, what text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF name = '' OR octet_length(name) > 256 OR name ~ '[\u0001-\u001f\u007f-\u009f]' THEN
        PERFORM sealstream.refuse('SL400', 'bad_name',
            what || ' is 1 to 256 bytes of UTF-8 without control characters', '/' || what);
    END IF;
END
$$;

-- "type/id" in two.
CREATE FUNCTION sealstream.stream_parts(stream text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    type text := split_part(stream, '/', 1);
    id   text := substr(stream, length(split_part(stream, '/', 1)) + 2);
BEGIN
    IF stream IS NULL OR strpos(stream, '/') = 0 OR type !~ '^[a-z][a-z0-9_-]{0,63}$' THEN
        PERFORM sealstream.refuse('SL400', 'bad_name', 'a stream is named type/id', '/stream');
    ELSIF type LIKE 'sealstream-%' THEN
        PERFORM sealstream.refuse('SL403', 'forbidden', 'stream types sealstream-… are reserved', '/stream');
    END IF;
    PERFORM sealstream.check_label(id, 'stream');
    RETURN ARRAY[type, id];
END
$$;

CREATE FUNCTION sealstream.source_of_caller(source text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF source IS NULL OR source = session_user THEN
        RETURN session_user;
    END IF;
    PERFORM sealstream.check_label(source, 'source');
    IF NOT EXISTS (SELECT FROM sealstream.append_sources AS allowed
                   WHERE allowed.role_name = session_user AND allowed.source = source_of_caller.source)
       AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN
        PERFORM sealstream.refuse('SL403', 'forbidden',
            session_user || ' may not speak for ' || source || ' (sealstream.append_sources)', '/source');
    END IF;
    RETURN source;
END
$$;

CREATE FUNCTION sealstream.canonical_text(value text, what text, bytes_max integer) RETURNS text
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    IF octet_length(value) > bytes_max THEN
        PERFORM sealstream.refuse('SL413', 'too_large',
            what || ' is larger than ' || bytes_max || ' bytes', '/' || what);
    END IF;
    RETURN sealstream.canonical_json(value::json, 0, '/' || what);
END
$$;

CREATE FUNCTION sealstream.nanoseconds_of(moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    IF moment < '1678-01-01Z' OR moment >= '2262-01-01Z' THEN
        PERFORM sealstream.refuse('SL400', 'malformed', 'a time outside the years 1678 to 2261', '/time');
    END IF;
    RETURN (extract(epoch FROM moment) * 1000000)::bigint * 1000;
END
$$;

CREATE FUNCTION sealstream.append_to_log(
    settings sealstream.append_settings, name text[], type text, data text, expected_version bigint, actor text,
    meta text, key text, id uuid, time_ns bigint, source text,
    OUT "position" bigint, OUT version bigint, OUT is_repeat boolean)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_variable
DECLARE
    ledger_row sealstream.ledgers;
    stored     record;
    salt       bytea := sealstream.new_salt();
    prev_hash  bytea;
    hash       bytea;
    is_chained boolean := settings.chained_types && ARRAY['*', name[1]];
BEGIN
    IF settings.codec <> 'json' THEN
        PERFORM sealstream.refuse('SL501', 'unsupported', 'ledgers with the codec ' || settings.codec ||
            ' are not written from SQL');
    END IF;
    SELECT * INTO STRICT ledger_row FROM sealstream.ledgers AS l WHERE l.ledger = settings.ledger FOR UPDATE;

    SELECT r.position, r.version, r.record, convert_from(r.record, 'UTF8')::json AS event INTO stored
    FROM sealstream.records AS r WHERE r.ledger_id = ledger_row.ledger_id AND r.id = id;
    IF FOUND THEN
        IF stored.record <> sealstream.json_record(
               id, type, name[1] || '/' || name[2], stored.version, source, actor, time_ns, data, meta, key,
               decode(translate(stored.event ->> 'salt', '-_', '+/') || '=', 'base64'),
               decode(stored.event ->> 'prev_hash', 'hex'), decode(stored.event ->> 'hash', 'hex')) THEN
            PERFORM sealstream.refuse('SL422', 'key_reuse', 'event ' || id || ' is in the log with other content');
        END IF;
        position := stored.position;
        version := stored.version;
        is_repeat := true;
        RETURN;
    END IF;

    SELECT r.version, r.hash INTO version, prev_hash FROM sealstream.records AS r
    WHERE r.ledger_id = ledger_row.ledger_id AND r.stream_type = name[1] AND r.stream_id = name[2]
    ORDER BY r.version DESC LIMIT 1;
    version := coalesce(version, 0);
    IF expected_version <> version THEN
        PERFORM sealstream.refuse('SL412', 'conflict', 'expected version ' || expected_version ||
            ', the stream is at version ' || version);
    END IF;
    version := version + 1;
    position := ledger_row.head + 1;
    is_repeat := false;
    IF is_chained THEN
        prev_hash := coalesce(prev_hash, decode(repeat('00', 32), 'hex'));
        hash := sealstream.chain_hash(prev_hash, version, name[1] || '/' || name[2], type, id, source, actor, time_ns,
                                      key, salt, data, meta);
    ELSE
        prev_hash := NULL;
    END IF;
    INSERT INTO sealstream.records (ledger_id, position, ingested, id, stream_type, stream_id, version, hash, record)
    VALUES (ledger_row.ledger_id, position, sealstream.nanoseconds_of(clock_timestamp()), id, name[1], name[2],
            version, hash, sealstream.json_record(id, type, name[1] || '/' || name[2], version, source, actor,
                                                  time_ns, data, meta, key, salt, prev_hash, hash));
    UPDATE sealstream.ledgers AS l SET head = position WHERE l.ledger_id = ledger_row.ledger_id;
    PERFORM pg_notify('sealstream_log', ledger_row.ledger_id::text);
END
$$;

CREATE FUNCTION sealstream.append_to_outbox(
    ledger text, name text[], type text, data text, actor text, meta text, key text, id uuid, time_ns bigint,
    source text, OUT event_id uuid, OUT is_repeat boolean)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_variable
DECLARE
    frame  text := sealstream.transaction_frame();
    place  integer;
    stored sealstream.outbox;
BEGIN
    INSERT INTO sealstream.outbox_transactions AS t (ledger, frame, txid, events)
    VALUES (ledger, frame, pg_current_xact_id(), 1)
    ON CONFLICT ON CONSTRAINT outbox_transactions_pkey DO UPDATE SET events = t.events + 1
    RETURNING t.events - 1 INTO place;
    IF id IS NULL THEN
        -- One key for each event of the transaction: whatever happens on the way, it comes into the log once.
        key := 'ledger-tx-' || CASE WHEN octet_length(source) <= 192 THEN source
                                    ELSE encode(sha256(convert_to(source, 'UTF8')), 'hex') END
            || '@' || frame || '-' || pg_current_xact_id() || CASE WHEN place = 0 THEN '' ELSE '#' || place END;
        id := sealstream.id_of_key(source, key);
    END IF;
    INSERT INTO sealstream.outbox (ledger, frame, txid, number, id, stream_type, stream_id, type, source, actor,
                                   time_ns, data, meta, key)
    VALUES (ledger, frame, pg_current_xact_id(), place, id, name[1], name[2], type, source, actor, time_ns, data,
            meta, key)
    ON CONFLICT ON CONSTRAINT outbox_by_id DO NOTHING;
    is_repeat := NOT FOUND;
    event_id := id;
    IF is_repeat THEN
        SELECT * INTO STRICT stored FROM sealstream.outbox AS o WHERE o.ledger = ledger AND o.id = id;
        IF (stored.stream_type, stored.stream_id, stored.type, stored.source, stored.data)
           <> (name[1], name[2], type, source, data)
           OR (stored.actor, stored.time_ns, stored.meta, stored.key) IS DISTINCT FROM (actor, time_ns, meta, key) THEN
            PERFORM sealstream.refuse('SL422', 'key_reuse', 'event ' || id || ' was appended with other content');
        END IF;
    END IF;
END
$$;

CREATE FUNCTION sealstream.append(
    ledger text, stream text, type text, data text, expected_version bigint DEFAULT NULL, actor text DEFAULT NULL,
    meta text DEFAULT NULL, key text DEFAULT NULL, id uuid DEFAULT NULL, "time" timestamptz DEFAULT NULL,
    source text DEFAULT NULL,
    OUT event_id uuid, OUT "position" bigint, OUT version bigint, OUT is_repeat boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 AS $$
#variable_conflict use_variable
DECLARE
    settings sealstream.append_settings;
    name     text[] := sealstream.stream_parts(stream);
    written  text;
    described text;
    time_ns  bigint := sealstream.nanoseconds_of("time");
BEGIN
    IF getdatabaseencoding() <> 'UTF8' THEN
        PERFORM sealstream.refuse('SL501', 'unsupported', 'the database is not encoded in UTF-8');
    END IF;
    SELECT * INTO settings FROM sealstream.append_settings AS s WHERE s.ledger = ledger;
    IF NOT FOUND THEN
        PERFORM sealstream.refuse('SL404', 'not_found', 'no ledger ' || coalesce(quote_literal(ledger), 'null') ||
            ' is served from this database');
    END IF;
    IF type IS NULL OR type !~ '^[A-Za-z][A-Za-z0-9._-]{0,127}$' THEN
        PERFORM sealstream.refuse('SL400', 'bad_name', 'an event type is [A-Za-z][A-Za-z0-9._-]{0,127}', '/type');
    END IF;
    PERFORM sealstream.check_label(actor, 'actor'), sealstream.check_label(key, 'key');
    source := sealstream.source_of_caller(source);
    written := coalesce(sealstream.canonical_text(data, 'data', settings.data_bytes_max), 'null');
    described := sealstream.canonical_text(meta, 'meta', settings.data_bytes_max);
    IF left(described, 1) <> '{' THEN
        PERFORM sealstream.refuse('SL400', 'malformed', 'meta is an object', '/meta');
    END IF;
    IF id IS NULL AND key IS NOT NULL THEN
        id := sealstream.id_of_key(source, key);
    END IF;
    IF settings.target = 'outbox' THEN
        IF expected_version IS NOT NULL THEN
            PERFORM sealstream.refuse('SL501', 'unsupported',
                'an outbox does not know versions: append with a condition over HTTP', '/expected_version');
        END IF;
        SELECT o.event_id, o.is_repeat INTO event_id, is_repeat
        FROM sealstream.append_to_outbox(ledger, name, type, written, actor, described, key, id, time_ns, source) AS o;
        RETURN;
    END IF;
    event_id := coalesce(id, sealstream.new_id());
    SELECT l.position, l.version, l.is_repeat INTO position, version, is_repeat
    FROM sealstream.append_to_log(settings, name, type, written, expected_version, actor, described, key, event_id,
                                  time_ns, source) AS l;
END
$$;

-- The same for JSON values. jsonb keeps neither how a number was written nor a member that was named twice.
CREATE FUNCTION sealstream.append(
    ledger text, stream text, type text, data jsonb, expected_version bigint DEFAULT NULL, actor text DEFAULT NULL,
    meta jsonb DEFAULT NULL, key text DEFAULT NULL, id uuid DEFAULT NULL, "time" timestamptz DEFAULT NULL,
    source text DEFAULT NULL,
    OUT event_id uuid, OUT "position" bigint, OUT version bigint, OUT is_repeat boolean)
LANGUAGE sql VOLATILE AS $$
    SELECT * FROM sealstream.append(ledger, stream, type, data::text, expected_version, actor, meta::text, key, id,
                                    "time", source)
$$;
CREATE FUNCTION sealstream.append(
    ledger text, stream text, type text, data json, expected_version bigint DEFAULT NULL, actor text DEFAULT NULL,
    meta json DEFAULT NULL, key text DEFAULT NULL, id uuid DEFAULT NULL, "time" timestamptz DEFAULT NULL,
    source text DEFAULT NULL,
    OUT event_id uuid, OUT "position" bigint, OUT version bigint, OUT is_repeat boolean)
LANGUAGE sql VOLATILE AS $$
    SELECT * FROM sealstream.append(ledger, stream, type, data::text, expected_version, actor, meta::text, key, id,
                                    "time", source)
$$;

-- Nothing of this schema is for everybody; sealstream_app may append, and nothing else. Without the right to make
-- roles, an administrator makes it and grants what stands here.
DO $$
DECLARE
    signature regprocedure;
BEGIN
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sealstream FROM PUBLIC;
    BEGIN
        CREATE ROLE sealstream_app NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
        NULL;
    END;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sealstream_app') THEN
        GRANT USAGE ON SCHEMA sealstream TO sealstream_app;
        FOR signature IN SELECT oid::regprocedure FROM pg_proc
                         WHERE pronamespace = 'sealstream'::regnamespace AND proname = 'append' LOOP
            EXECUTE 'GRANT EXECUTE ON FUNCTION ' || signature || ' TO sealstream_app';
        END LOOP;
    END IF;
END
$$;
