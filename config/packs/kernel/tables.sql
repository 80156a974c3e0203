-- What an event does to the state of its entity: a state, or the member of its data that is the state; neither: nothing.
CREATE TABLE rule (
    type text COLLATE "C" PRIMARY KEY,
    state text,
    member text
);
INSERT INTO rule VALUES
    ('workspace.created', 'open', NULL), ('workspace.renamed', NULL, NULL), ('workspace.configured', NULL, NULL),
    ('workspace.archived', 'archived', NULL), ('workspace.restored', 'open', NULL), ('workspace.deleted', 'deleted', NULL),
    ('project.created', 'open', NULL), ('project.renamed', NULL, NULL), ('project.configured', NULL, NULL),
    ('project.archived', 'archived', NULL), ('project.restored', 'open', NULL), ('project.deleted', 'deleted', NULL),
    ('board.created', 'open', NULL), ('board.changed', NULL, NULL), ('board.item_added', NULL, NULL),
    ('board.item_moved', NULL, NULL), ('board.item_removed', NULL, NULL), ('board.archived', 'archived', NULL),
    ('pipeline.created', 'planned', NULL), ('pipeline.started', 'running', NULL), ('pipeline.stage_started', NULL, NULL),
    ('pipeline.stage_finished', NULL, NULL), ('pipeline.gate_opened', 'waiting', NULL),
    ('pipeline.gate_decided', 'running', NULL), ('pipeline.finished', NULL, 'result'),
    ('session.spawned', 'running', NULL), ('session.forked', 'running', NULL), ('session.attached', NULL, NULL),
    ('session.detached', NULL, NULL), ('session.ended', NULL, 'result'),
    ('worktree.created', 'open', NULL), ('worktree.committed', NULL, NULL), ('worktree.synced', 'open', NULL),
    ('worktree.conflicted', 'conflicted', NULL), ('worktree.merged', 'merged', NULL), ('worktree.removed', 'removed', NULL),
    ('task.created', 'open', NULL), ('task.updated', NULL, NULL), ('task.assigned', NULL, NULL),
    ('task.started', 'in_progress', NULL), ('task.blocked', 'blocked', NULL), ('task.unblocked', 'in_progress', NULL),
    ('task.completed', 'done', NULL), ('task.cancelled', 'cancelled', NULL), ('task.reopened', 'open', NULL),
    ('tool.requested', 'requested', NULL), ('tool.approved', 'approved', NULL), ('tool.denied', 'denied', NULL),
    ('tool.completed', 'completed', NULL), ('tool.failed', 'failed', NULL),
    ('policy.changed', 'active', NULL),
    ('secret.created', 'active', NULL), ('secret.rotated', 'active', NULL), ('secret.granted', NULL, NULL),
    ('secret.revoked', NULL, NULL), ('secret.deleted', 'deleted', NULL),
    ('webhook.scheduled', 'pending', NULL), ('webhook.attempted', 'retrying', NULL),
    ('webhook.delivered', 'delivered', NULL), ('webhook.abandoned', 'abandoned', NULL);

-- Whatever has a stream. `doc` has the newest value of each member of its events' data, without those above 20 kB.
CREATE TABLE entity (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    state text,
    doc jsonb NOT NULL,
    opened timestamptz NOT NULL,
    opened_by text NOT NULL,
    changed timestamptz NOT NULL,
    changed_by text NOT NULL,
    version bigint NOT NULL,
    -- Postgres holds at most 1 MB of words of one row.
    words tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', id) || CASE WHEN octet_length(doc::text) < 200000 THEN to_tsvector('simple', doc)
                                          ELSE to_tsvector('simple', left(coalesce(doc->>'title', ''), 500)) END
    ) STORED,
    PRIMARY KEY (kind, id)
);

CREATE TABLE pipeline_step (
    pipeline_id text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stage', 'gate')),
    name text COLLATE "C" NOT NULL,
    state text NOT NULL,
    begun_at timestamptz,
    ended_at timestamptz,
    error text,
    evaluation text,
    PRIMARY KEY (pipeline_id, kind, name)
);

CREATE TABLE session_client (
    session_id text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL,
    is_attached boolean NOT NULL,
    changed timestamptz NOT NULL,
    PRIMARY KEY (session_id, client)
);

-- What policies and hooks have said: one row an event.
CREATE TABLE decision (
    position bigint PRIMARY KEY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('policy', 'hook')),
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    policy_version text,
    subject text COLLATE "C",
    event text,
    decision text NOT NULL,
    reason text,
    evaluation_ref text,
    evidence_refs jsonb NOT NULL,
    duration_ms numeric,
    actor text NOT NULL,
    decided_at timestamptz NOT NULL,
    words tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', name || ' ' || coalesce(subject, '') || ' ' || left(coalesce(reason, ''), 2000))) STORED
);
