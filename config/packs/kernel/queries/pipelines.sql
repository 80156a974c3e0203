SELECT e.id, e.state, e.doc->>'name' AS name, e.doc->>'project' AS project, e.doc->>'trigger' AS trigger, e.doc->>'error' AS error,
       (SELECT coalesce(jsonb_agg(to_jsonb(s) - 'pipeline_id' ORDER BY s.begun_at, s.ended_at, s.name), '[]')
        FROM pipeline_step s WHERE s.pipeline_id = e.id) AS steps,
       e.opened AS created_at, e.opened_by AS created_by, e.changed AS changed_at, e.changed_by, e.version
FROM entity e
WHERE e.kind = 'pipeline'
  AND (:state IS NULL OR e.state = :state)
  AND (:project IS NULL OR e.doc->>'project' = :project)
  AND (:name IS NULL OR e.doc->>'name' = :name)
  AND (:changed_from IS NULL OR e.changed >= :changed_from)
  AND (:changed_to IS NULL OR e.changed <= :changed_to)
  AND (:q IS NULL OR e.words @@ websearch_to_tsquery('simple', :q))
  AND (:after_changed_at IS NULL OR (e.changed, e.id) < (:after_changed_at, :after_id))
ORDER BY e.changed DESC, e.id DESC
LIMIT :limit
