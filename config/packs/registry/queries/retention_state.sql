SELECT package_id, policy, keep_until, is_held, hold_reason, expired_at, last_sequence
FROM retention_state
WHERE (:due_before IS NULL OR (keep_until < :due_before AND NOT is_held AND expired_at IS NULL))
  AND (:state IS NULL
       OR :state = CASE WHEN expired_at IS NOT NULL THEN 'expired' WHEN is_held THEN 'held' ELSE 'kept' END)
  AND (:after_package_id IS NULL OR package_id > :after_package_id)
ORDER BY package_id
LIMIT :limit
