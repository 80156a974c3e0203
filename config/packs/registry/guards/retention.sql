WITH now_is AS (
    SELECT coalesce(max(version), 0) AS version, max(keep_until) AS keep_until, coalesce(bool_or(is_held), false) AS is_held,
           bool_or(is_expired) AS is_expired
    FROM retention_state WHERE package_id = :stream_id
)
SELECT version,
       CASE
           WHEN keep_until IS NULL AND :type <> 'v1.retention.hold_lifted'
               THEN jsonb_build_object('code', 'no_retention', 'message', 'No retention has been set')
           WHEN is_expired AND :type <> 'v1.retention.hold_lifted'
               THEN jsonb_build_object('code', 'expired', 'message', 'The retention has ended')
           WHEN :type = 'v1.retention.extended' AND (:data->>'until')::timestamptz <= keep_until
               THEN jsonb_build_object('code', 'not_longer', 'message', 'It is kept until then already', 'keep_until', keep_until)
           WHEN :type = 'v1.retention.expired' AND is_held
               THEN jsonb_build_object('code', 'held', 'message', 'The package is held')
           WHEN :type = 'v1.retention.expired' AND keep_until > :now
               THEN jsonb_build_object('code', 'too_early', 'message', 'The package is kept longer', 'keep_until', keep_until)
           WHEN :type = 'v1.retention.hold_lifted' AND NOT is_held
               THEN jsonb_build_object('code', 'not_held', 'message', 'The package is not held')
       END AS violation
FROM now_is
