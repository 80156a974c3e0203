-- A forgotten event still has its place and its hashes, so the chain goes on; nothing else of it is kept.
WITH fresh AS (
    SELECT position, encode(hash, 'hex') AS hash, encode(prev_hash, 'hex') AS previous_hash,
           lag(encode(hash, 'hex'), 1, coalesce((SELECT last_hash FROM store), repeat('0', 64))) OVER (ORDER BY position) AS hash_before
    FROM batch
    WHERE stream_type = 'ops' AND stream_id = 'main'
)
INSERT INTO store AS old
SELECT true, (array_agg(hash ORDER BY position DESC))[1], min(position) FILTER (WHERE previous_hash <> hash_before)
FROM fresh
HAVING count(*) > 0
ON CONFLICT (is_one) DO UPDATE
SET last_hash = EXCLUDED.last_hash, broken_at = coalesce(old.broken_at, EXCLUDED.broken_at);

INSERT INTO event
SELECT position, id, ingested, split_part(type, '.', 2), data->>'action', nullif(actor, ''), data->>'target',
       coalesce(data->'data', '{}'), data->>'result', data->>'error', encode(prev_hash, 'hex'), encode(hash, 'hex'),
       -- what the line has beside its data: names, times, hashes
       octet_length(data::text) + octet_length(actor) + 320, payload_key
FROM batch
WHERE stream_type = 'ops' AND stream_id = 'main' AND NOT expired
ORDER BY position;

INSERT INTO tally AS old
SELECT e.category, (e.recorded AT TIME ZONE 'UTC')::date, count(*), sum(e.bytes)
FROM event e JOIN batch b ON b.position = e.position
GROUP BY 1, 2
ON CONFLICT (category, day) DO UPDATE
SET events = old.events + EXCLUDED.events, bytes = old.bytes + EXCLUDED.bytes;

-- The ledger says that the key of some payloads is destroyed: their rows go, and in a rebuild they never come.
WITH dropped AS (
    DELETE FROM event e USING batch b
    WHERE b.stream_type = 'sealstream-retention' AND b.type = 'retention.expired' AND e.payload_key = b.data->>'key'
    RETURNING e.category, (e.recorded AT TIME ZONE 'UTC')::date AS day, e.bytes
)
UPDATE tally t
SET events = t.events - d.events, bytes = t.bytes - d.bytes
FROM (SELECT category, day, count(*) AS events, sum(bytes) AS bytes FROM dropped GROUP BY category, day) d
WHERE t.category = d.category AND t.day = d.day;

DELETE FROM tally WHERE events = 0 AND EXISTS (SELECT 1 FROM batch WHERE stream_type = 'sealstream-retention');

INSERT INTO files AS old
SELECT true, (data->>'file_count')::bigint, (data->>'total_size_bytes')::bigint
FROM batch WHERE type = 'ops.files' ORDER BY position DESC LIMIT 1
ON CONFLICT (is_one) DO UPDATE SET file_count = EXCLUDED.file_count, total_size_bytes = EXCLUDED.total_size_bytes;
