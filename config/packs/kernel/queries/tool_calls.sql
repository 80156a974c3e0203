SELECT e.id, e.state, e.doc->>'tool' AS tool, e.doc->>'session' AS session, e.doc->>'task' AS task, e.doc->'arguments' AS arguments,
       e.doc->'result' AS result, e.doc->>'error' AS error, (e.doc->>'duration_ms')::numeric AS duration_ms,
       e.opened AS created_at, e.opened_by AS created_by, e.changed AS changed_at, e.changed_by, e.version
FROM entity e
WHERE e.kind = 'tool_call'
  AND (:state IS NULL OR e.state = :state)
  AND (:tool IS NULL OR e.doc->>'tool' = :tool)
  AND (:session IS NULL OR e.doc->>'session' = :session)
  AND (:task IS NULL OR e.doc->>'task' = :task)
  AND (:changed_from IS NULL OR e.changed >= :changed_from)
  AND (:changed_to IS NULL OR e.changed <= :changed_to)
  AND (:q IS NULL OR e.words @@ websearch_to_tsquery('simple', :q))
  AND (:after_changed_at IS NULL OR (e.changed, e.id) < (:after_changed_at, :after_id))
ORDER BY e.changed DESC, e.id DESC
LIMIT :limit
