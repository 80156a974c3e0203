-- However the log is cut into batches, the rows are the same: what a subject is made with is said by its first event,
-- everything else by the last one that says something about it.
INSERT INTO artifact_packages AS old
SELECT b.stream_id,
       (array_agg(data->>'name' ORDER BY version) FILTER (WHERE type = 'v1.package.created'))[1],
       (array_agg(data->>'version' ORDER BY version) FILTER (WHERE type = 'v1.package.created'))[1],
       (array_agg(data->>'format' ORDER BY version) FILTER (WHERE type = 'v1.package.created' AND data->>'format' IS NOT NULL))[1],
       coalesce((SELECT jsonb_object_agg(m.key, m.value ORDER BY c.version)
                 FROM batch c, jsonb_each(coalesce(c.data->'metadata', '{}')) m
                 WHERE c.stream_type = 'package' AND c.stream_id = b.stream_id), '{}'),
       CASE (array_agg(type ORDER BY b.version DESC) FILTER (WHERE type IN ('v1.package.withdrawn', 'v1.package.restored')))[1]
           WHEN 'v1.package.withdrawn' THEN 'withdrawn' ELSE 'offered' END,
       min(ingested), (array_agg(coalesce(nullif(actor, ''), source) ORDER BY b.version))[1], max(position)
FROM batch b
WHERE stream_type = 'package'
GROUP BY b.stream_id
ON CONFLICT (id) DO UPDATE
SET name = coalesce(old.name, EXCLUDED.name), version = coalesce(old.version, EXCLUDED.version),
    format = coalesce(old.format, EXCLUDED.format), metadata = old.metadata || EXCLUDED.metadata,
    state = CASE WHEN EXISTS (SELECT 1 FROM batch c WHERE c.stream_type = 'package' AND c.stream_id = old.id
                              AND c.type IN ('v1.package.withdrawn', 'v1.package.restored'))
                 THEN EXCLUDED.state ELSE old.state END,
    last_sequence = EXCLUDED.last_sequence;

INSERT INTO artifact_files AS old (id, package_id, path, size_bytes, digest, media_type, ingested_at, ingested_by,
                                   verified_at, verified_digest, is_removed, last_sequence)
SELECT stream_id,
       (array_agg(data->>'package_id' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg(data->>'path' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg((data->>'size_bytes')::bigint ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg(data->>'digest' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg(data->>'media_type' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested' AND data->>'media_type' IS NOT NULL))[1],
       min(ingested), (array_agg(coalesce(nullif(actor, ''), source) ORDER BY version))[1],
       max(ingested) FILTER (WHERE type = 'v1.file.verified'),
       (array_agg(data->>'digest' ORDER BY version DESC) FILTER (WHERE type = 'v1.file.verified'))[1],
       bool_or(type = 'v1.file.removed'), max(position)
FROM batch
WHERE stream_type = 'file'
GROUP BY stream_id
ON CONFLICT (id) DO UPDATE
SET package_id = coalesce(old.package_id, EXCLUDED.package_id), path = coalesce(old.path, EXCLUDED.path),
    size_bytes = coalesce(old.size_bytes, EXCLUDED.size_bytes), digest = coalesce(old.digest, EXCLUDED.digest),
    media_type = coalesce(old.media_type, EXCLUDED.media_type),
    verified_at = coalesce(EXCLUDED.verified_at, old.verified_at),
    verified_digest = coalesce(EXCLUDED.verified_digest, old.verified_digest),
    is_removed = old.is_removed OR EXCLUDED.is_removed, last_sequence = EXCLUDED.last_sequence;

-- Copies: the last word about each file and storage; none of what was removed, now and later.
WITH word AS (
    SELECT DISTINCT ON (stream_id, data->>'storage_id')
           stream_id AS file_id, data->>'storage_id' AS storage_id, type, data->>'key' AS key, ingested
    FROM batch
    WHERE type IN ('v1.file.placed', 'v1.file.displaced')
    ORDER BY stream_id, data->>'storage_id', version DESC
), gone AS (
    DELETE FROM file_copies c USING word w
    WHERE w.file_id = c.file_id AND w.storage_id = c.storage_id AND w.type = 'v1.file.displaced'
)
INSERT INTO file_copies
SELECT file_id, storage_id, key, ingested FROM word WHERE type = 'v1.file.placed'
ON CONFLICT (file_id, storage_id) DO UPDATE SET key = EXCLUDED.key, placed_at = EXCLUDED.placed_at;

DELETE FROM file_copies c USING artifact_files f, batch b
WHERE b.stream_type = 'file' AND f.id = b.stream_id AND f.is_removed AND c.file_id = f.id;

INSERT INTO storage_locations AS old
SELECT stream_id,
       (array_agg(data->>'kind' ORDER BY version) FILTER (WHERE type = 'v1.storage.registered'))[1],
       (array_agg(data->>'uri' ORDER BY version) FILTER (WHERE type = 'v1.storage.registered'))[1],
       coalesce((array_agg(data->>'state' ORDER BY version DESC) FILTER (WHERE type = 'v1.storage.changed'))[1], 'active'),
       min(ingested), max(position)
FROM batch
WHERE stream_type = 'storage'
GROUP BY stream_id
ON CONFLICT (id) DO UPDATE
SET kind = coalesce(old.kind, EXCLUDED.kind), uri = coalesce(old.uri, EXCLUDED.uri),
    registered_at = coalesce(old.registered_at, EXCLUDED.registered_at),
    state = CASE WHEN EXISTS (SELECT 1 FROM batch c WHERE c.stream_type = 'storage' AND c.stream_id = old.id
                              AND c.type = 'v1.storage.changed')
                 THEN EXCLUDED.state ELSE old.state END,
    last_sequence = EXCLUDED.last_sequence;

INSERT INTO retention_state AS old
SELECT stream_id,
       (array_agg(data->>'policy' ORDER BY version DESC) FILTER (WHERE type = 'v1.retention.set'))[1],
       (array_agg((data->>'until')::timestamptz ORDER BY version DESC) FILTER (WHERE data ? 'until'))[1],
       coalesce((array_agg(type ORDER BY version DESC) FILTER (WHERE type IN ('v1.retention.held', 'v1.retention.hold_lifted')))[1]
                = 'v1.retention.held', false),
       (array_agg(data->>'reason' ORDER BY version DESC) FILTER (WHERE type = 'v1.retention.held'))[1],
       max(ingested) FILTER (WHERE type = 'v1.retention.expired'
                             AND NOT EXISTS (SELECT 1 FROM batch c WHERE c.stream_type = 'retention' AND c.stream_id = batch.stream_id
                                             AND c.type = 'v1.retention.set' AND c.version > batch.version)),
       max(version), max(position)
FROM batch
WHERE stream_type = 'retention'
GROUP BY stream_id
ON CONFLICT (package_id) DO UPDATE
SET policy = coalesce(EXCLUDED.policy, old.policy),
    keep_until = coalesce(EXCLUDED.keep_until, old.keep_until),
    is_held = CASE WHEN EXISTS (SELECT 1 FROM batch c WHERE c.stream_type = 'retention' AND c.stream_id = old.package_id
                                AND c.type IN ('v1.retention.held', 'v1.retention.hold_lifted'))
                   THEN EXCLUDED.is_held ELSE old.is_held END,
    hold_reason = coalesce(EXCLUDED.hold_reason, old.hold_reason),
    expired_at = CASE WHEN EXISTS (SELECT 1 FROM batch c WHERE c.stream_type = 'retention'
                                   AND c.stream_id = old.package_id AND c.type = 'v1.retention.set')
                      THEN EXCLUDED.expired_at ELSE coalesce(EXCLUDED.expired_at, old.expired_at) END,
    version = EXCLUDED.version, last_sequence = EXCLUDED.last_sequence;
