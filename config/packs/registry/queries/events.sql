-- The engine's own events (schemas, policies) have places in the log too: their subject is the system.
SELECT (e->>'position')::bigint AS sequence, e->>'ingested' AS created_at, e->>'type' AS event_type,
       CASE WHEN s.type IN ('package', 'file', 'retention', 'storage') THEN s.type ELSE 'system' END AS subject_kind,
       CASE WHEN s.type IN ('package', 'file', 'retention', 'storage') THEN s.id END AS subject_id,
       coalesce(e->>'actor', e->>'source') AS actor, e->'data' AS payload, e->>'payload_digest' AS payload_digest
FROM jsonb_array_elements(:found) WITH ORDINALITY AS x(e, place),
     LATERAL (SELECT split_part(e->>'stream', '/', 1) AS type, substr(e->>'stream', strpos(e->>'stream', '/') + 1) AS id) s
ORDER BY place
