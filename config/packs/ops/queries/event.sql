SELECT id, timestamp, category, action, actor, target, data, result, error, previous_hash, hash
FROM envelope
WHERE id::text = lower(:id)
