SELECT id, state, CASE WHEN is_frozen THEN 'SM-3' WHEN is_distressed THEN 'SM-2' ELSE 'SM-0' END AS "stressMode",
       version AS "sequenceNumber", created AS "createdAt", changed AS "updatedAt"
FROM deal
WHERE (:state IS NULL OR state = :state)
  AND (:stressMode IS NULL
       OR CASE WHEN is_frozen THEN 'SM-3' WHEN is_distressed THEN 'SM-2' ELSE 'SM-0' END = :stressMode)
  AND (:after_id IS NULL OR id > :after_id)
ORDER BY id
LIMIT :limit
