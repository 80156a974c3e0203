INSERT INTO deal_event
SELECT stream_id, version, id, type, nullif(actor, ''), data,
       coalesce(meta->'authorityContext', '{}'), coalesce(meta->'evidenceRefs', '[]'),
       nullif(encode(prev_hash, 'hex'), repeat('0', 64)), encode(hash, 'hex'), ingested
FROM batch;

-- Of the events of a deal that say the same kind of thing the last one in the batch holds.
INSERT INTO deal_role
SELECT DISTINCT ON (stream_id, data->>'actorId', data->>'role')
       stream_id, data->>'actorId', data->>'role', type = 'RoleGranted'
FROM batch
WHERE type IN ('RoleGranted', 'RoleRevoked')
ORDER BY stream_id, data->>'actorId', data->>'role', version DESC
ON CONFLICT (deal_id, actor_id, role) DO UPDATE SET is_held = EXCLUDED.is_held;

INSERT INTO deal_approval
SELECT DISTINCT ON (stream_id, data->>'action', actor)
       stream_id, data->>'action', actor, type = 'ApprovalGranted', version
FROM batch
WHERE type IN ('ApprovalGranted', 'ApprovalDenied')
ORDER BY stream_id, data->>'action', actor, version DESC
ON CONFLICT (deal_id, action, actor_id) DO UPDATE SET is_granted = EXCLUDED.is_granted, version = EXCLUDED.version;

INSERT INTO deal_override
SELECT stream_id, data->>'action', max(version)
FROM batch
WHERE type = 'OverrideAttested'
GROUP BY stream_id, data->>'action'
ON CONFLICT (deal_id, action) DO UPDATE SET version = EXCLUDED.version;

INSERT INTO deal_material
SELECT DISTINCT ON (stream_id, data->>'artifactId')
       stream_id, data->>'artifactId', data->>'type', data->>'truthLevel'
FROM batch
WHERE type = 'MaterialRecorded'
ORDER BY stream_id, data->>'artifactId', version DESC
ON CONFLICT (deal_id, artifact_id) DO UPDATE SET type = EXCLUDED.type, truth_level = EXCLUDED.truth_level;

-- State and stress: each is what its last event says, and as it was where the batch has none.
INSERT INTO deal AS old (id, moved_to, said_distressed, said_frozen, distress_version, version, created, changed)
SELECT b.stream_id,
       (array_agg(t.to_state ORDER BY b.version DESC) FILTER (WHERE t.to_state IS NOT NULL))[1],
       (array_agg(b.type = 'DistressDeclared' ORDER BY b.version DESC)
        FILTER (WHERE b.type IN ('DistressDeclared', 'DistressResolved')))[1],
       (array_agg(b.type = 'FreezeImposed' ORDER BY b.version DESC)
        FILTER (WHERE b.type IN ('FreezeImposed', 'FreezeLifted')))[1],
       coalesce(max(b.version) FILTER (WHERE b.type = 'DistressDeclared'), 0),
       max(b.version), min(b.ingested), max(b.ingested)
FROM batch b LEFT JOIN transition t ON t.type = b.type
GROUP BY b.stream_id
ON CONFLICT (id) DO UPDATE
SET moved_to = coalesce(EXCLUDED.moved_to, old.moved_to),
    said_distressed = coalesce(EXCLUDED.said_distressed, old.said_distressed),
    said_frozen = coalesce(EXCLUDED.said_frozen, old.said_frozen),
    distress_version = greatest(old.distress_version, EXCLUDED.distress_version),
    version = EXCLUDED.version,
    changed = EXCLUDED.changed;
