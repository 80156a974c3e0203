SELECT position, id, name AS policy, policy_version, subject, decision, evaluation_ref, evidence_refs, duration_ms, actor, decided_at
FROM decision
WHERE kind = 'policy'
  AND (:decision IS NULL OR decision = :decision)
  AND (:policy IS NULL OR name = :policy)
  AND (:subject IS NULL OR subject = :subject)
  AND (:from IS NULL OR decided_at >= :from)
  AND (:to IS NULL OR decided_at <= :to)
  AND (:q IS NULL OR words @@ websearch_to_tsquery('simple', :q))
  AND (:after_position IS NULL OR position < :after_position)
ORDER BY position DESC
LIMIT :limit
