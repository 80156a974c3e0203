-- Emission policies hold for sealstream.append(), too, where it writes the log itself: the newest edit of the type's policy
-- is looked up under the ledger's lock, so an edit holds for every append after it. Behind an outbox the relay judges.

ALTER TABLE sealstream.append_settings ADD COLUMN unknown_types text NOT NULL DEFAULT 'allow'
    CHECK (unknown_types IN ('allow', 'refuse')); -- events of a type without a policy

CREATE FUNCTION sealstream.check_emission(
    settings sealstream.append_settings, ledger_id integer, type text, source text, stream_type text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_variable
DECLARE
    policy jsonb;
BEGIN
    SELECT convert_from(r.record, 'UTF8')::jsonb #> '{data,after}' INTO policy FROM sealstream.records AS r
    WHERE r.ledger_id = ledger_id AND r.stream_type = 'sealstream-policy' AND r.stream_id = type
    ORDER BY r.version DESC LIMIT 1;
    IF policy IS NULL OR policy = 'null' THEN
        IF settings.unknown_types = 'refuse' THEN
            PERFORM sealstream.refuse('SL403', 'emission_refused', type || ' has no policy', '/type');
        END IF;
        RETURN;
    END IF;
    -- A star stands for any text; everything else for itself.
    IF NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(policy -> 'sources') AS s (pattern)
        WHERE source LIKE replace(replace(replace(replace(pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
    ) THEN
        PERFORM sealstream.refuse('SL403', 'emission_refused', type || ' may not be emitted by ' || source, '/type');
    END IF;
    IF jsonb_array_length(policy -> 'stream_types') <> 0 AND NOT policy -> 'stream_types' ? stream_type THEN
        PERFORM sealstream.refuse('SL403', 'emission_refused',
            type || ' does not belong in streams of type ' || stream_type, '/stream');
    END IF;
END
$$;

ALTER FUNCTION sealstream.append_to_log RENAME TO append_admitted;

CREATE FUNCTION sealstream.append_to_log(
    settings sealstream.append_settings, name text[], type text, data text, expected_version bigint, actor text,
    meta text, key text, id uuid, time_ns bigint, source text,
    OUT "position" bigint, OUT version bigint, OUT is_repeat boolean)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_variable
DECLARE
    ledger_row sealstream.ledgers;
BEGIN
    SELECT * INTO STRICT ledger_row FROM sealstream.ledgers AS l WHERE l.ledger = settings.ledger FOR UPDATE;
    PERFORM sealstream.check_emission(settings, ledger_row.ledger_id, type, source, name[1]);
    SELECT l.position, l.version, l.is_repeat INTO position, version, is_repeat
    FROM sealstream.append_admitted(settings, name, type, data, expected_version, actor, meta, key, id, time_ns,
                                    source) AS l;
END
$$;

REVOKE ALL ON FUNCTION sealstream.append_to_log, sealstream.check_emission FROM PUBLIC;
