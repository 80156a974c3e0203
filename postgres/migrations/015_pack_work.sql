-- Invariants and schedules of packs, as their last runs were. The truth about breaches, and about what a schedule has
-- appended, is in the log; this is what operators look at, and where they ask for a run. One owner at a time writes it.

CREATE TABLE sealstream.pack_work (
    ledger        text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('invariant', 'schedule')),
    name          text COLLATE "C" NOT NULL,             -- "pack.part"
    pack          text COLLATE "C" NOT NULL,
    summary       text NOT NULL,
    severity      text NOT NULL,                         -- of invariants
    every_ms      bigint NOT NULL,
    state         text NOT NULL DEFAULT 'unknown',       -- of the last run that came through
    cursor        bigint NOT NULL DEFAULT 0,             -- what the tables showed then
    ran_at        timestamptz,
    came_through_at timestamptz,
    next_at       timestamptz,
    moment        timestamptz,                           -- the newest that was run for
    duration_us   bigint NOT NULL DEFAULT 0,
    runs          bigint NOT NULL DEFAULT 0,
    failed_runs   bigint NOT NULL DEFAULT 0,
    failures      bigint NOT NULL DEFAULT 0,             -- one after the other
    failure_code  text NOT NULL DEFAULT '',
    failure       text NOT NULL DEFAULT '',
    rows          jsonb NOT NULL DEFAULT '[]',
    has_more_rows boolean NOT NULL DEFAULT false,
    appended      bigint NOT NULL DEFAULT 0,
    refused       bigint NOT NULL DEFAULT 0,
    told          bigint NOT NULL DEFAULT 0,             -- position of the last event in its stream that was also logged
    asked         bigint NOT NULL DEFAULT 0,             -- runs that somebody asked for
    asked_moment  timestamptz,                           -- of a schedule: for this moment, not for now
    answered      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (ledger, kind, name)
);
