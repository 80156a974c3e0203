-- What could be read until lately and no longer can: one event for each category, since the last of them. Of payloads that are encrypted the ledger
-- itself says when they are forgotten.
WITH told AS (
    SELECT target AS category, max((data->>'until')::timestamptz) AS until
    FROM event
    WHERE category = 'system' AND action = 'events_aged_out'
    GROUP BY target
), aged AS (
    SELECT c.name AS category, c.days, count(*) AS events
    FROM event e
    JOIN category c ON c.name = e.category
    LEFT JOIN told t ON t.category = c.name
    WHERE e.payload_key IS NULL AND e.recorded <= :now - make_interval(days => c.days)
      AND (t.until IS NULL OR e.recorded > t.until - make_interval(days => c.days))
    GROUP BY c.name, c.days
)
SELECT 'ops.system' AS type, 'main' AS stream_id, 'retention' AS actor,
       jsonb_build_object('action', 'events_aged_out', 'target', category, 'result', 'success', 'error', NULL,
           'data', jsonb_build_object('events', events, 'days', days, 'until', :now)) AS data
FROM aged
ORDER BY category
