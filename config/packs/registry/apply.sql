-- However the log is cut into batches, the rows are the same: what a subject is made with is said by its first event,
-- everything else by the last one that says something about it.
WITH changes AS (
    SELECT stream_id,
           (array_agg(data->>'name' ORDER BY version) FILTER (WHERE type = 'v1.package.created'))[1] AS name,
           (array_agg(data->>'version' ORDER BY version) FILTER (WHERE type = 'v1.package.created'))[1] AS version,
           (array_agg(data->>'format' ORDER BY version) FILTER (WHERE type = 'v1.package.created' AND data ? 'format'))[1] AS format,
           array_agg(data->'metadata' ORDER BY version)
           FILTER (WHERE type IN ('v1.package.created', 'v1.package.updated') AND data ? 'metadata') AS metadata,
           (array_agg(type = 'v1.package.withdrawn' ORDER BY version DESC)
            FILTER (WHERE type IN ('v1.package.withdrawn', 'v1.package.restored')))[1] AS is_withdrawn,
           min(ingested) AS created_at, (array_agg(coalesce(nullif(actor, ''), source) ORDER BY version))[1] AS created_by,
           max(position) AS last_sequence
    FROM batch
    WHERE stream_type = 'package' AND type LIKE 'v1.package.%'
    GROUP BY stream_id
)
INSERT INTO artifact_packages AS old (id, name, version, format, metadata, is_withdrawn, created_at, created_by, last_sequence)
SELECT stream_id, name, version, format,
       -- all of them as one object; joined to the rest instead, Postgres would look for each row among all
       coalesce((SELECT jsonb_object_agg(m.key, m.value ORDER BY a.place)
                 FROM unnest(metadata) WITH ORDINALITY a(one, place), jsonb_each(a.one) m), '{}'),
       is_withdrawn, created_at, created_by, last_sequence
FROM changes
ON CONFLICT (id) DO UPDATE
SET name = coalesce(old.name, EXCLUDED.name), version = coalesce(old.version, EXCLUDED.version),
    format = coalesce(old.format, EXCLUDED.format), metadata = old.metadata || EXCLUDED.metadata,
    is_withdrawn = coalesce(EXCLUDED.is_withdrawn, old.is_withdrawn), last_sequence = EXCLUDED.last_sequence;

INSERT INTO artifact_files AS old (id, package_id, path, size_bytes, digest, media_type, ingested_at, ingested_by,
                                   verified_at, verified_digest, is_removed, last_sequence)
SELECT stream_id,
       (array_agg(data->>'package_id' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg(data->>'path' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg((data->>'size_bytes')::bigint ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg(data->>'digest' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested'))[1],
       (array_agg(data->>'media_type' ORDER BY version) FILTER (WHERE type = 'v1.file.ingested' AND data ? 'media_type'))[1],
       min(ingested), (array_agg(coalesce(nullif(actor, ''), source) ORDER BY version))[1],
       max(ingested) FILTER (WHERE type = 'v1.file.verified'),
       (array_agg(data->>'digest' ORDER BY version DESC) FILTER (WHERE type = 'v1.file.verified'))[1],
       bool_or(type = 'v1.file.removed'), max(position)
FROM batch
WHERE stream_type = 'file' AND type LIKE 'v1.file.%'
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
WHERE b.type LIKE 'v1.file.%' AND f.id = b.stream_id AND f.is_removed AND c.file_id = f.id;

INSERT INTO storage_locations AS old (id, kind, uri, given_state, registered_at, last_sequence)
SELECT stream_id,
       (array_agg(data->>'kind' ORDER BY version) FILTER (WHERE type = 'v1.storage.registered'))[1],
       (array_agg(data->>'uri' ORDER BY version) FILTER (WHERE type = 'v1.storage.registered'))[1],
       (array_agg(data->>'state' ORDER BY version DESC) FILTER (WHERE type = 'v1.storage.changed'))[1],
       min(ingested), max(position)
FROM batch
WHERE type IN ('v1.storage.registered', 'v1.storage.changed')
GROUP BY stream_id
ON CONFLICT (id) DO UPDATE
SET kind = coalesce(old.kind, EXCLUDED.kind), uri = coalesce(old.uri, EXCLUDED.uri),
    given_state = coalesce(EXCLUDED.given_state, old.given_state), last_sequence = EXCLUDED.last_sequence;

INSERT INTO retention_state AS old (package_id, policy, keep_until, last_word, hold_reason, set_at, ended_at, expired_at,
                                    version, last_sequence)
SELECT stream_id,
       (array_agg(data->>'policy' ORDER BY version DESC) FILTER (WHERE type = 'v1.retention.set'))[1],
       (array_agg((data->>'until')::timestamptz ORDER BY version DESC)
        FILTER (WHERE type IN ('v1.retention.set', 'v1.retention.extended')))[1],
       (array_agg(type ORDER BY version DESC) FILTER (WHERE type IN ('v1.retention.held', 'v1.retention.hold_lifted')))[1],
       (array_agg(data->>'reason' ORDER BY version DESC) FILTER (WHERE type = 'v1.retention.held'))[1],
       max(position) FILTER (WHERE type = 'v1.retention.set'), max(position) FILTER (WHERE type = 'v1.retention.expired'),
       max(ingested) FILTER (WHERE type = 'v1.retention.expired'), max(version), max(position)
FROM batch
WHERE stream_type = 'retention' AND type LIKE 'v1.retention.%'
GROUP BY stream_id
ON CONFLICT (package_id) DO UPDATE
SET policy = coalesce(EXCLUDED.policy, old.policy), keep_until = coalesce(EXCLUDED.keep_until, old.keep_until),
    last_word = coalesce(EXCLUDED.last_word, old.last_word), hold_reason = coalesce(EXCLUDED.hold_reason, old.hold_reason),
    set_at = coalesce(EXCLUDED.set_at, old.set_at), ended_at = coalesce(EXCLUDED.ended_at, old.ended_at),
    expired_at = coalesce(EXCLUDED.expired_at, old.expired_at),
    version = EXCLUDED.version, last_sequence = EXCLUDED.last_sequence;
