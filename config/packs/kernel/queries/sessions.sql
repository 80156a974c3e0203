SELECT e.id, e.state, e.doc->>'title' AS title, e.doc->>'agent' AS agent, e.doc->>'project' AS project, e.doc->>'parent' AS parent,
       e.doc->>'worktree' AS worktree, e.doc->>'error' AS error,
       (SELECT count(*) FROM session_client c WHERE c.session_id = e.id AND c.is_attached) AS clients,
       e.opened AS created_at, e.opened_by AS created_by, e.changed AS changed_at, e.changed_by, e.version
FROM entity e
WHERE e.kind = 'session'
  AND (:state IS NULL OR e.state = :state)
  AND (:project IS NULL OR e.doc->>'project' = :project)
  AND (:agent IS NULL OR e.doc->>'agent' = :agent)
  AND (:changed_from IS NULL OR e.changed >= :changed_from)
  AND (:changed_to IS NULL OR e.changed <= :changed_to)
  AND (:q IS NULL OR e.words @@ websearch_to_tsquery('simple', :q))
  AND (:after_changed_at IS NULL OR (e.changed, e.id) < (:after_changed_at, :after_id))
ORDER BY e.changed DESC, e.id DESC
LIMIT :limit
