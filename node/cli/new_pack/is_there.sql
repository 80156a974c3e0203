-- An aggregate has one row, also for an item that never was: a guard that gives no row refuses.
SELECT coalesce(max(version), 0) AS version,
       CASE WHEN NOT coalesce(bool_or(NOT is_removed), false)
            THEN jsonb_build_object('code', 'no_such_item', 'message', 'There is no item ' || :stream_id)
       END AS violation
FROM item
WHERE id = :stream_id
