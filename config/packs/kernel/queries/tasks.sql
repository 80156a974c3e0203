SELECT e.id, e.state, e.doc->>'title' AS title, e.doc->>'project' AS project, coalesce(e.doc->>'priority', 'normal') AS priority,
       e.doc->>'assignee' AS assignee, e.doc->>'session' AS session, coalesce(e.doc->'labels', '[]') AS labels,
       CASE WHEN e.state = 'blocked' THEN e.doc->>'reason' END AS blocked_by,
       e.opened AS created_at, e.opened_by AS created_by, e.changed AS changed_at, e.changed_by, e.version
FROM entity e
WHERE e.kind = 'task'
  AND (:state IS NULL OR e.state = :state)
  AND (:priority IS NULL OR coalesce(e.doc->>'priority', 'normal') = :priority)
  AND (:project IS NULL OR e.doc->>'project' = :project)
  AND (:assignee IS NULL OR e.doc->>'assignee' = :assignee)
  AND (:label IS NULL OR e.doc->'labels' ? :label)
  AND (:changed_from IS NULL OR e.changed >= :changed_from)
  AND (:changed_to IS NULL OR e.changed <= :changed_to)
  AND (:q IS NULL OR e.words @@ websearch_to_tsquery('simple', :q))
  AND (:after_changed_at IS NULL OR (e.changed, e.id) < (:after_changed_at, :after_id))
ORDER BY e.changed DESC, e.id DESC
LIMIT :limit
