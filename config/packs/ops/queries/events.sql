SELECT position, id, timestamp, category, action, actor, target, data, result, error, previous_hash, hash
FROM envelope
WHERE (:category IS NULL OR category = :category)
  AND (:action IS NULL OR action = :action)
  AND (:actor IS NULL OR actor = :actor)
  AND (:target IS NULL OR target = :target)
  AND (:result IS NULL OR result = :result)
  AND (:start_time IS NULL OR recorded >= :start_time)
  AND (:end_time IS NULL OR recorded <= :end_time)
  AND (:after_position IS NULL OR position < :after_position)
ORDER BY position DESC
LIMIT :limit
