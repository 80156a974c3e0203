-- What SQL can not do to an event it does not append. Where sealstream.append() writes the log itself, nobody checks a
-- schema or takes secrets out after it; so types with such rules are refused there, and an edit holds for every append
-- after it. Behind an outbox the relay does both. What is in the log already is answered as it was: nothing is written.

ALTER TABLE sealstream.append_settings ADD COLUMN unknown_schemas text NOT NULL DEFAULT 'allow'
    CHECK (unknown_schemas IN ('allow', 'refuse')); -- events of a type without a schema

CREATE FUNCTION sealstream.check_content(settings sealstream.append_settings, ledger_id integer, type text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_variable
DECLARE
    redactions jsonb;
BEGIN
    SELECT convert_from(r.record, 'UTF8')::jsonb #> '{data,after}' INTO redactions FROM sealstream.records AS r
    WHERE r.ledger_id = ledger_id AND r.stream_type = 'sealstream-redaction' AND r.stream_id = type
    ORDER BY r.version DESC LIMIT 1;
    IF redactions IS NOT NULL AND redactions <> '[]' THEN
        RAISE EXCEPTION USING ERRCODE = 'SL501', DETAIL = 'at /type',
            MESSAGE = 'unsupported: ' || type || ' has secret fields, which are not taken out in SQL',
            HINT = 'Append events of this type over HTTP.';
    END IF;
    IF EXISTS (SELECT FROM sealstream.records AS r WHERE r.ledger_id = ledger_id
               AND r.stream_type = 'sealstream-schema' AND r.stream_id = type) THEN
        RAISE EXCEPTION USING ERRCODE = 'SL501', DETAIL = 'at /type',
            MESSAGE = 'unsupported: ' || type || ' has a schema, which is not checked in SQL',
            HINT = 'Append events of this type over HTTP.';
    END IF;
    IF settings.unknown_schemas = 'refuse' THEN
        PERFORM sealstream.refuse('SL422', 'schema_violation', type || ' has no schema', '/type');
    END IF;
END
$$;

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
        PERFORM sealstream.check_emission(settings, ledger_row.ledger_id, type, source, name[1]);
        PERFORM sealstream.check_content(settings, ledger_row.ledger_id, type);
    END IF;
    SELECT l.position, l.version, l.is_repeat INTO position, version, is_repeat
    FROM sealstream.append_admitted(settings, name, type, data, expected_version, actor, meta, key, id, time_ns,
                                    source) AS l;
END
$$;

REVOKE ALL ON FUNCTION sealstream.check_content FROM PUBLIC;
