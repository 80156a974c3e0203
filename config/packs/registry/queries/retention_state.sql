SELECT package_id, policy, keep_until, is_held, hold_reason, CASE WHEN is_expired THEN expired_at END AS expired_at, last_sequence
FROM retention_state
WHERE (:due_before IS NULL OR (keep_until < :due_before AND NOT is_held AND NOT is_expired))
  AND (:state IS NULL
       OR :state = CASE WHEN is_expired THEN 'expired' WHEN is_held THEN 'held' ELSE 'kept' END)
  AND (:after_package_id IS NULL OR package_id > :after_package_id)
ORDER BY package_id
LIMIT :limit
