SELECT json_build_object(
    'valid', (:found->>'valid')::boolean,
    'issues', coalesce(:found->'issues', '[]'),
    'eventsChecked', (:found->>'events_checked')::bigint,
    'chainIntact', (:found->>'chain_intact')::boolean) AS body
WHERE (:found->>'events_checked')::bigint > 0
