CREATE INDEX artifact_packages_name ON artifact_packages (name, id);
CREATE INDEX artifact_packages_words ON artifact_packages
    USING gin (to_tsvector('simple', coalesce(name, '') || ' ' || coalesce(metadata->>'description', '')));
CREATE INDEX artifact_files_package ON artifact_files (package_id);
CREATE INDEX artifact_files_digest ON artifact_files (digest);
CREATE INDEX file_copies_storage ON file_copies (storage_id, file_id);
CREATE INDEX retention_state_until ON retention_state (keep_until);
