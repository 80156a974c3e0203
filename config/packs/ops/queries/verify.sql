-- The break is named by the event at it; what was expected is the hash that the event before it had when it was folded.
SELECT CASE
    WHEN (:found->>'valid')::boolean
        THEN jsonb_build_object('status', 'valid', 'message', 'Chain integrity verified')
    ELSE jsonb_build_object('status', 'invalid', 'error',
        'Chain broken at event ' || coalesce(e.id::text, :found#>>'{issues,0,position}') || ': '
        || coalesce('expected ' || e.hash || ', got ' || (:found#>>'{issues,0,message}'), :found#>>'{issues,0,message}'))
    END AS body
FROM (SELECT (:found#>>'{issues,0,position}')::bigint AS position) f
LEFT JOIN event e ON e.position = f.position
