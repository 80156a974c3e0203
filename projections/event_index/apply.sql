-- `batch` is read in its own order, which is that of the positions.
INSERT INTO events (position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
                    ingested_nanos, at_nanos, key, data, meta, data_exact, meta_exact, words)
SELECT position, id, stream_type, stream_id, version, type, source, actor, category, time_nanos,
       ingested_nanos, coalesce(time_nanos, ingested_nanos), key, data, meta, data_exact, meta_exact, words
FROM batch
ON CONFLICT (id) DO NOTHING
