SELECT number, 'events_' || to_char(opened AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MISS') || '.jsonl' AS name,
       first_position, last_position, events, bytes
FROM segment
WHERE :after_number IS NULL OR number > :after_number
ORDER BY number
LIMIT :limit
