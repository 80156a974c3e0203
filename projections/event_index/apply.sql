-- `incoming` is read in its own order, which is that of the positions. An id that is there already counts once;
-- looking for it first would cost a fifth of the fold, so the plain insert goes first, and only when it meets such
-- an id (rare: a repeat from beyond the log's duplicate window) the careful one.
DO $$
BEGIN
BEGIN
    INSERT INTO events (position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
                        ingested_nanos, at_nanos, key, data, meta, data_exact, meta_exact, words,
                        payload_key, expired, skipped)
    SELECT position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
           ingested_nanos, coalesce(time_nanos, ingested_nanos), key, data, meta, data_exact, meta_exact, words,
           payload_key, expired, skipped
    FROM incoming;
EXCEPTION WHEN unique_violation THEN
    INSERT INTO events (position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
                        ingested_nanos, at_nanos, key, data, meta, data_exact, meta_exact, words,
                        payload_key, expired, skipped)
    SELECT position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
           ingested_nanos, coalesce(time_nanos, ingested_nanos), key, data, meta, data_exact, meta_exact, words,
           payload_key, expired, skipped
    FROM incoming
    ON CONFLICT (id) DO NOTHING;
END;

-- What a destroyed key has opened; in a rebuild it comes as it is left here.
UPDATE events AS e
SET data = 'null', meta = NULL, data_exact = NULL, meta_exact = NULL, category = NULL, words = '{}', expired = true
FROM incoming AS gone
WHERE gone.stream_type = 'sealstream-retention' AND gone.type = 'retention.expired'
  AND e.payload_key = gone.data->>'key' AND NOT e.expired;
END
$$
