WITH counted AS (
    SELECT kind, coalesce(state, 'unknown') AS state, count(*) AS number
    FROM entity
    WHERE :project IS NULL OR doc->>'project' = :project
    GROUP BY kind, 2
), states AS (
    SELECT kind, jsonb_object_agg(state, number) AS by_state FROM counted GROUP BY kind
), decisions AS (
    SELECT kind, jsonb_object_agg(decision, number) AS by_decision
    FROM (SELECT kind, decision, count(*) AS number FROM decision GROUP BY kind, decision) d
    GROUP BY kind
), needs AS ( -- what waits for somebody
    SELECT kind, id, state, coalesce(doc->>'title', doc->>'name', doc->>'tool', doc->>'url') AS title, changed AS since
    FROM entity
    WHERE ((kind = 'task' AND state = 'blocked') OR (kind = 'pipeline' AND state = 'waiting')
           OR (kind = 'tool_call' AND state = 'requested') OR (kind = 'webhook' AND state = 'retrying'))
      AND (:project IS NULL OR doc->>'project' = :project)
    ORDER BY changed, kind, id
    LIMIT 20
)
SELECT jsonb_build_object(
    'sessions', coalesce((SELECT by_state FROM states WHERE kind = 'session'), '{}'),
    'tasks', coalesce((SELECT by_state FROM states WHERE kind = 'task'), '{}'),
    'pipelines', coalesce((SELECT by_state FROM states WHERE kind = 'pipeline'), '{}'),
    'tool_calls', coalesce((SELECT by_state FROM states WHERE kind = 'tool_call'), '{}'),
    'webhook_deliveries', coalesce((SELECT by_state FROM states WHERE kind = 'webhook'), '{}'),
    'policy_evaluations', coalesce((SELECT by_decision FROM decisions WHERE kind = 'policy'), '{}'),
    'hook_decisions', coalesce((SELECT by_decision FROM decisions WHERE kind = 'hook'), '{}'),
    'waiting', coalesce((SELECT jsonb_agg(to_jsonb(n) ORDER BY since, kind, id) FROM needs n), '[]')) AS body
