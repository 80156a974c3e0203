-- Without hashes the fault is another one, and its words say which.
SELECT CASE
    WHEN (:found->>'valid')::boolean
        THEN json_build_object('status', 'valid', 'message', 'Chain integrity verified')
    ELSE json_build_object('status', 'invalid', 'error',
        'Chain broken at event ' || coalesce(e.id::text, :found#>>'{issues,0,position}') || ': '
        || coalesce('expected ' || (:found#>>'{issues,0,expected}') || ', got ' || (:found#>>'{issues,0,found}'),
                    :found#>>'{issues,0,message}'))
    END AS body
FROM (SELECT (:found#>>'{issues,0,position}')::bigint AS position) f
LEFT JOIN event e ON e.position = f.position
