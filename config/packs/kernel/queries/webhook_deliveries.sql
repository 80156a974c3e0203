SELECT e.id, e.state, e.doc->>'url' AS url, e.doc->>'event' AS event, (e.doc->>'attempt')::numeric AS attempts,
       (e.doc->>'status')::numeric AS status, e.doc->>'error' AS error,
       e.opened AS created_at, e.opened_by AS created_by, e.changed AS changed_at, e.changed_by, e.version
FROM entity e
WHERE e.kind = 'webhook'
  AND (:state IS NULL OR e.state = :state)
  AND (:url IS NULL OR e.doc->>'url' = :url)
  AND (:event IS NULL OR e.doc->>'event' = :event)
  AND (:changed_from IS NULL OR e.changed >= :changed_from)
  AND (:changed_to IS NULL OR e.changed <= :changed_to)
  AND (:q IS NULL OR e.words @@ websearch_to_tsquery('simple', :q))
  AND (:after_changed_at IS NULL OR (e.changed, e.id) < (:after_changed_at, :after_id))
ORDER BY e.changed DESC, e.id DESC
LIMIT :limit
