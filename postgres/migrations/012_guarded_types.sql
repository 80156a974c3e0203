-- Event types that guards of packs stand before. sealstream.append() can not ask a guard, so where it writes the log itself it
-- refuses them. Behind an outbox the relay does.

ALTER TABLE sealstream.append_settings ADD COLUMN guarded_types text[] COLLATE "C" NOT NULL DEFAULT '{}';

ALTER FUNCTION sealstream.check_emission RENAME TO check_policy;

CREATE FUNCTION sealstream.check_emission(
    settings sealstream.append_settings, ledger_id integer, type text, source text, stream_type text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_variable
BEGIN
    IF type = ANY (settings.guarded_types) THEN
        PERFORM sealstream.refuse('SL409', 'refused',
            type || ' is guarded: append it over HTTP, where its guards are asked', '/type');
    END IF;
    PERFORM sealstream.check_policy(settings, ledger_id, type, source, stream_type);
END
$$;

REVOKE ALL ON FUNCTION sealstream.check_emission FROM PUBLIC;
