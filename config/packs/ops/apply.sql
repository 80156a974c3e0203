-- A file of an export is full at 100 MiB, so the number of bytes before an event says which one it is in.
WITH line AS (
    SELECT position, id, ingested, split_part(type, '.', 2) AS category, data->>'action' AS action, nullif(actor, '') AS actor,
           data->>'target' AS target, coalesce(data->'data', '{}') AS data, data->>'result' AS result, data->>'error' AS error,
           encode(prev_hash, 'hex') AS previous_hash, encode(hash, 'hex') AS hash,
           -- what the line has beside its data: names, times, hashes
           octet_length(data::text) + octet_length(actor) + 320 AS bytes
    FROM batch
    WHERE stream_id = 'main'
), placed AS (
    SELECT line.*,
           coalesce((SELECT bytes FROM store), 0) + sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before
    FROM line
)
INSERT INTO event
SELECT position, id, ingested, category, action, actor, target, data, result, error, previous_hash, hash, bytes,
       1 + div(bytes_before, 104857600)::bigint
FROM placed
ORDER BY position;

INSERT INTO segment AS old
SELECT e.segment, min(e.position), max(e.position), min(e.recorded), count(*), sum(e.bytes)
FROM event e JOIN batch b ON b.position = e.position
GROUP BY e.segment
ON CONFLICT (number) DO UPDATE
SET last_position = EXCLUDED.last_position, events = old.events + EXCLUDED.events, bytes = old.bytes + EXCLUDED.bytes;

INSERT INTO tally AS old
SELECT e.category, (e.recorded AT TIME ZONE 'UTC')::date, count(*), sum(e.bytes)
FROM event e JOIN batch b ON b.position = e.position
GROUP BY 1, 2
ON CONFLICT (category, day) DO UPDATE
SET events = old.events + EXCLUDED.events, bytes = old.bytes + EXCLUDED.bytes;

WITH fresh AS (
    SELECT e.*,
           lag(e.hash, 1, coalesce((SELECT last_hash FROM store), repeat('0', 64))) OVER (ORDER BY e.position) AS hash_before
    FROM event e JOIN batch b ON b.position = e.position
)
INSERT INTO store AS old
SELECT true, count(*), sum(bytes), (array_agg(hash ORDER BY position DESC))[1],
       min(position) FILTER (WHERE previous_hash <> hash_before)
FROM fresh
HAVING count(*) > 0
ON CONFLICT (is_one) DO UPDATE
SET events = old.events + EXCLUDED.events, bytes = old.bytes + EXCLUDED.bytes, last_hash = EXCLUDED.last_hash,
    broken_at = coalesce(old.broken_at, EXCLUDED.broken_at);
