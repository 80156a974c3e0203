WITH known AS (
    SELECT b.stream_type, b.stream_id, b.version, b.data, b.ingested, coalesce(nullif(b.actor, ''), b.source) AS actor,
           CASE WHEN r.member IS NULL THEN r.state ELSE b.data->>r.member END AS state
    FROM batch b JOIN rule r ON r.type = b.type
), changes AS (
    SELECT stream_type, stream_id, array_agg(data ORDER BY version) AS data,
           (array_agg(state ORDER BY version DESC) FILTER (WHERE state IS NOT NULL))[1] AS state,
           min(ingested) AS opened, (array_agg(actor ORDER BY version))[1] AS opened_by,
           (array_agg(ingested ORDER BY version DESC))[1] AS changed, (array_agg(actor ORDER BY version DESC))[1] AS changed_by,
           max(version) AS version
    FROM known
    GROUP BY stream_type, stream_id
)
INSERT INTO entity AS old
SELECT stream_type, stream_id, state,
       -- all of them as one object; joined to the rest instead, Postgres would look for each row among all
       coalesce((SELECT jsonb_object_agg(m.key, m.value ORDER BY a.place)
                 FROM unnest(data) WITH ORDINALITY a(one, place), jsonb_each(a.one) m
                 WHERE octet_length(m.value::text) <= 20000), '{}'),
       opened, opened_by, changed, changed_by, version
FROM changes
ON CONFLICT (kind, id) DO UPDATE
SET state = coalesce(EXCLUDED.state, old.state), doc = old.doc || EXCLUDED.doc, changed = EXCLUDED.changed,
    changed_by = EXCLUDED.changed_by, version = EXCLUDED.version;

WITH steps AS (
    SELECT stream_id, version, ingested, data, type IN ('pipeline.stage_started', 'pipeline.gate_opened') AS is_begin,
           CASE WHEN data ? 'stage' THEN 'stage' ELSE 'gate' END AS kind, coalesce(data->>'stage', data->>'gate') AS name
    FROM batch
    WHERE type IN ('pipeline.stage_started', 'pipeline.stage_finished', 'pipeline.gate_opened', 'pipeline.gate_decided')
)
INSERT INTO pipeline_step AS old
SELECT stream_id, kind, name,
       (array_agg(CASE WHEN is_begin THEN CASE kind WHEN 'stage' THEN 'running' ELSE 'waiting' END
                       ELSE coalesce(data->>'result', data->>'decision') END ORDER BY version DESC))[1],
       (array_agg(ingested ORDER BY version DESC) FILTER (WHERE is_begin))[1],
       (array_agg(CASE WHEN NOT is_begin THEN ingested END ORDER BY version DESC))[1],
       (array_agg(data->>'error' ORDER BY version DESC))[1], (array_agg(data->>'evaluation' ORDER BY version DESC))[1]
FROM steps
GROUP BY stream_id, kind, name
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
