-- Whole days are counted already; of the day on which events of a category age out, those that are left are counted.
WITH since AS (
    SELECT name AS category, now() - make_interval(days => days) AS time,
           ((now() - make_interval(days => days)) AT TIME ZONE 'UTC')::date AS day
    FROM category
), kept AS (
    SELECT t.events, t.bytes FROM tally t JOIN since s ON s.category = t.category AND t.day > s.day
    UNION ALL
    SELECT 1, e.bytes
    FROM since s JOIN event e ON e.category = s.category AND e.recorded > s.time
                             AND e.recorded < (s.day + 1)::timestamp AT TIME ZONE 'UTC'
), ends AS (
    SELECT f.position AS first, l.position AS last
    FROM since s,
         LATERAL (SELECT position FROM event WHERE category = s.category AND recorded > s.time ORDER BY recorded LIMIT 1) f,
         LATERAL (SELECT position FROM event WHERE category = s.category AND recorded > s.time ORDER BY recorded DESC LIMIT 1) l
)
SELECT (SELECT coalesce(sum(events), 0) FROM kept) AS total_events,
       coalesce((SELECT broken_at IS NULL FROM store), true) AS chain_valid,
       (SELECT timestamp FROM envelope WHERE position = (SELECT min(first) FROM ends)) AS first_event_time,
       (SELECT timestamp FROM envelope WHERE position = (SELECT max(last) FROM ends)) AS last_event_time,
       coalesce((SELECT last_hash FROM store), repeat('0', 64)) AS last_hash,
       -- of the files that there are; without an export, of the lines in files that are full at 100 MiB
       coalesce((SELECT file_count FROM files), (SELECT ceil(coalesce(sum(bytes), 0) / 104857600.0)::bigint FROM kept)) AS file_count,
       coalesce((SELECT total_size_bytes FROM files), (SELECT sum(bytes) FROM kept), 0) AS total_size_bytes
