WITH known AS (
    SELECT b.stream_type, b.stream_id, b.version, b.data, b.ingested, coalesce(nullif(b.actor, ''), b.source) AS actor,
           CASE WHEN r.member IS NULL THEN r.state ELSE b.data->>r.member END AS state
    FROM batch b JOIN rule r ON r.type = b.type
), docs AS (
    SELECT k.stream_type, k.stream_id, jsonb_object_agg(m.key, m.value ORDER BY k.version) AS doc
    FROM known k, jsonb_each(k.data) m
    WHERE octet_length(m.value::text) <= 20000
    GROUP BY k.stream_type, k.stream_id
), changes AS (
    SELECT stream_type, stream_id,
           (array_agg(state ORDER BY version DESC) FILTER (WHERE state IS NOT NULL))[1] AS state,
           min(ingested) AS opened, (array_agg(actor ORDER BY version))[1] AS opened_by,
           (array_agg(ingested ORDER BY version DESC))[1] AS changed, (array_agg(actor ORDER BY version DESC))[1] AS changed_by,
           max(version) AS version
    FROM known
    GROUP BY stream_type, stream_id
)
INSERT INTO entity AS old
SELECT c.stream_type, c.stream_id, c.state, coalesce(d.doc, '{}'), c.opened, c.opened_by, c.changed, c.changed_by, c.version
FROM changes c LEFT JOIN docs d ON d.stream_type = c.stream_type AND d.stream_id = c.stream_id
ON CONFLICT (kind, id) DO UPDATE
SET state = coalesce(EXCLUDED.state, old.state), doc = old.doc || EXCLUDED.doc, changed = EXCLUDED.changed,
    changed_by = EXCLUDED.changed_by, version = EXCLUDED.version;

WITH steps AS (
    SELECT stream_id, version, ingested, data, type IN ('pipeline.stage_started', 'pipeline.gate_opened') AS is_begin,
           CASE WHEN data ? 'stage' THEN 'stage' ELSE 'gate' END AS kind, coalesce(data->>'stage', data->>'gate') AS name
    FROM batch
    WHERE type IN ('pipeline.stage_started', 'pipeline.stage_finished', 'pipeline.gate_opened', 'pipeline.gate_decided')
), begun AS (
    SELECT stream_id, kind, name, (array_agg(ingested ORDER BY version DESC))[1] AS time
    FROM steps WHERE is_begin GROUP BY stream_id, kind, name
)
INSERT INTO pipeline_step AS old
SELECT DISTINCT ON (s.stream_id, s.kind, s.name)
       s.stream_id, s.kind, s.name,
       CASE WHEN s.is_begin THEN CASE s.kind WHEN 'stage' THEN 'running' ELSE 'waiting' END
            ELSE coalesce(s.data->>'result', s.data->>'decision') END,
       b.time, CASE WHEN NOT s.is_begin THEN s.ingested END, s.data->>'error', s.data->>'evaluation'
FROM steps s LEFT JOIN begun b ON b.stream_id = s.stream_id AND b.kind = s.kind AND b.name = s.name
ORDER BY s.stream_id, s.kind, s.name, s.version DESC
ON CONFLICT (pipeline_id, kind, name) DO UPDATE
SET state = EXCLUDED.state, begun_at = coalesce(EXCLUDED.begun_at, old.begun_at), ended_at = EXCLUDED.ended_at,
    error = EXCLUDED.error, evaluation = EXCLUDED.evaluation;

INSERT INTO session_client
SELECT DISTINCT ON (stream_id, data->>'client') stream_id, data->>'client', type = 'session.attached', ingested
FROM batch
WHERE type IN ('session.attached', 'session.detached')
ORDER BY stream_id, data->>'client', version DESC
ON CONFLICT (session_id, client) DO UPDATE SET is_attached = EXCLUDED.is_attached, changed = EXCLUDED.changed;

INSERT INTO decision
SELECT position, stream_type, id, coalesce(data->>'policy', data->>'hook'), data->>'policy_version', data->>'subject',
       data->>'event', data->>'decision', data->>'reason', data->>'evaluation_ref', coalesce(data->'evidence_refs', '[]'),
       (data->>'duration_ms')::numeric, coalesce(nullif(actor, ''), source), ingested
FROM batch
WHERE type IN ('policy.evaluated', 'hook.decided');
