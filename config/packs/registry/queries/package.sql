SELECT p.id, p.name, p.version, p.format, p.metadata, p.state, p.created_at, p.created_by, p.last_sequence,
       (SELECT coalesce(jsonb_agg(to_jsonb(f) - 'package_id' - 'is_removed' - 'verified_digest' || jsonb_build_object('storage',
                   (SELECT coalesce(jsonb_agg(c.storage_id ORDER BY c.storage_id), '[]') FROM file_copies c WHERE c.file_id = f.id))
               ORDER BY f.path), '[]')
        FROM artifact_files f WHERE f.package_id = p.id) AS files,
       (SELECT to_jsonb(r) - ARRAY['package_id', 'last_word', 'set_at', 'ended_at'] FROM retention_state r WHERE r.package_id = p.id) AS retention
FROM artifact_packages p
WHERE p.id = :id::text
