SELECT position, id, name AS hook, subject, event, decision, reason, actor, decided_at
FROM decision
WHERE kind = 'hook'
  AND (:decision IS NULL OR decision = :decision)
  AND (:hook IS NULL OR name = :hook)
  AND (:subject IS NULL OR subject = :subject)
  AND (:from IS NULL OR decided_at >= :from)
  AND (:to IS NULL OR decided_at <= :to)
  AND (:q IS NULL OR words @@ websearch_to_tsquery('simple', :q))
  AND (:after_position IS NULL OR position < :after_position)
ORDER BY position DESC
LIMIT :limit
