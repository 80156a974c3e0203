SELECT to_jsonb(e) - 'position' - 'recorded' AS body
FROM envelope e
WHERE e.id::text = lower(:id)
