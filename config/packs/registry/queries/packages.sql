SELECT id, name, version, format, metadata, state, created_at, created_by, last_sequence
FROM artifact_packages
WHERE (:name IS NULL OR name = :name)
  AND (:format IS NULL OR format = :format)
  AND (:state IS NULL OR state = :state)
  AND (:q IS NULL OR to_tsvector('simple', coalesce(name, '') || ' ' || coalesce(metadata->>'description', ''))
                     @@ websearch_to_tsquery('simple', :q))
  AND (:after_name IS NULL OR (name, id) > (:after_name, :after_id))
ORDER BY name, id
LIMIT :limit
