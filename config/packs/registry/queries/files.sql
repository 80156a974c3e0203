SELECT f.id, f.package_id, f.path, f.size_bytes, f.digest, f.media_type, f.state, f.ingested_at, f.ingested_by,
       f.verified_at, f.last_sequence
FROM artifact_files f
WHERE (:package_id IS NULL OR f.package_id = :package_id::text)
  AND (:digest IS NULL OR f.digest = :digest)
  AND (:state IS NULL OR f.state = :state)
  AND (:storage_id IS NULL
       OR EXISTS (SELECT 1 FROM file_copies c WHERE c.storage_id = :storage_id::text AND c.file_id = f.id))
  AND (:after_id IS NULL OR f.id > :after_id)
ORDER BY f.id
LIMIT :limit
