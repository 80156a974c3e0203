-- A deal that has no row yet is a Draft at version 0.
WITH now_is AS (
    SELECT coalesce(max(version), 0) AS version,
           coalesce(max(state), 'Draft') AS state,
           coalesce(bool_or(is_distressed), false) AS is_distressed,
           coalesce(bool_or(is_frozen), false) AS is_frozen
    FROM deal WHERE id = :stream_id
)
SELECT n.version,
       CASE
           WHEN :type = 'DistressResolved' AND NOT n.is_distressed
               THEN jsonb_build_object('code', 'not_distressed', 'message', 'No distress has been declared')
           WHEN :type = 'FreezeLifted' AND NOT n.is_frozen
               THEN jsonb_build_object('code', 'not_frozen', 'message', 'No freeze has been imposed')
           WHEN t.from_state IS NOT NULL AND t.from_state <> n.state
               THEN jsonb_build_object('code', 'illegal_transition', 'state', n.state,
                   'message', :type || ' needs a deal that is ' || t.from_state || '; it is ' || n.state)
           WHEN t.to_state IS NOT NULL AND n.state IN ('Exited', 'Terminated')
               THEN jsonb_build_object('code', 'illegal_transition', 'state', n.state,
                   'message', 'The deal is ' || n.state || ', which is final')
       END AS violation
FROM now_is n LEFT JOIN transition t ON t.type = :type
