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

-- State and stress: each is what its last event says, and as it was where there is none.
INSERT INTO deal AS old (id, state, is_distressed, is_frozen, distress_version, version, created, changed)
SELECT b.stream_id,
       coalesce((array_agg(t.to_state ORDER BY b.version DESC) FILTER (WHERE t.to_state IS NOT NULL))[1], 'Draft'),
       coalesce((array_agg(b.type = 'DistressDeclared' ORDER BY b.version DESC)
                 FILTER (WHERE b.type IN ('DistressDeclared', 'DistressResolved')))[1], false),
       coalesce((array_agg(b.type = 'FreezeImposed' ORDER BY b.version DESC)
                 FILTER (WHERE b.type IN ('FreezeImposed', 'FreezeLifted')))[1], false),
       coalesce(max(b.version) FILTER (WHERE b.type = 'DistressDeclared'), 0),
       max(b.version), min(b.ingested), max(b.ingested)
FROM batch b LEFT JOIN transition t ON t.type = b.type
GROUP BY b.stream_id
ON CONFLICT (id) DO UPDATE
SET state = CASE WHEN EXISTS (SELECT 1 FROM batch b JOIN transition t ON t.type = b.type WHERE b.stream_id = old.id)
                 THEN EXCLUDED.state ELSE old.state END,
    is_distressed = CASE WHEN EXISTS (SELECT 1 FROM batch b WHERE b.stream_id = old.id
                                      AND b.type IN ('DistressDeclared', 'DistressResolved'))
                         THEN EXCLUDED.is_distressed ELSE old.is_distressed END,
    is_frozen = CASE WHEN EXISTS (SELECT 1 FROM batch b WHERE b.stream_id = old.id
                                  AND b.type IN ('FreezeImposed', 'FreezeLifted'))
                     THEN EXCLUDED.is_frozen ELSE old.is_frozen END,
    distress_version = greatest(old.distress_version, EXCLUDED.distress_version),
    version = EXCLUDED.version,
    changed = EXCLUDED.changed;
