-- One row for each item in the batch, as it is after its last event there. Columns of `batch`: docs/packs.md.
INSERT INTO item AS old (id, title, is_removed, version, changed)
SELECT stream_id,
       (array_agg(data->>'title' ORDER BY position DESC) FILTER (WHERE type <> 'mypack.removed'))[1],
       bool_or(type = 'mypack.removed'),
       max(version),
       max(ingested)
FROM batch
GROUP BY stream_id
ON CONFLICT (id) DO UPDATE
SET title = coalesce(EXCLUDED.title, old.title),
    is_removed = old.is_removed OR EXCLUDED.is_removed,
    version = EXCLUDED.version,
    changed = EXCLUDED.changed;
