-- `incoming` is read in its own order, which is that of the positions. An id that is there already counts once;
-- looking for it first would cost a fifth of the fold, so the plain insert goes first, and only when it meets such
-- an id (rare: a repeat from beyond the log's duplicate window) the careful one.
DO $$
BEGIN
    INSERT INTO events (position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
                        ingested_nanos, at_nanos, key, data, meta, data_exact, meta_exact, words,
                        skipped)
    SELECT position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
           ingested_nanos, coalesce(time_nanos, ingested_nanos), key, data, meta, data_exact, meta_exact, words,
           skipped
    FROM incoming;
EXCEPTION WHEN unique_violation THEN
    INSERT INTO events (position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
                        ingested_nanos, at_nanos, key, data, meta, data_exact, meta_exact, words,
                        skipped)
    SELECT position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
           ingested_nanos, coalesce(time_nanos, ingested_nanos), key, data, meta, data_exact, meta_exact, words,
           skipped
    FROM incoming
    ON CONFLICT (id) DO NOTHING;
END
$$
