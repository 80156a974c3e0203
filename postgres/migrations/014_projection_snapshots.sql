-- Copies of a projection's tables at one position of the log, and states of the past that are built from them.

ALTER TABLE sealstream.projections DROP CONSTRAINT projections_state_check;
ALTER TABLE sealstream.projections ADD CONSTRAINT projections_state_check
    CHECK (state IN ('active', 'building', 'retired', 'past')) NOT VALID;

-- A row is there only together with its tables: both are of one transaction.
CREATE TABLE sealstream.projection_snapshots (
    ledger          text COLLATE "C" NOT NULL,
    name            text COLLATE "C" NOT NULL, -- of the projection
    number          integer NOT NULL,
    position        bigint NOT NULL,           -- the tables show everything up to it, and nothing after
    version         integer NOT NULL,          -- of the projection that was copied
    schema_name     text COLLATE "C" NOT NULL UNIQUE,
    fold_digest     text NOT NULL,
    incarnation     text NOT NULL,             -- of the log
    skipped_types   text[] COLLATE "C" NOT NULL,
    schema_versions text[] COLLATE "C" NOT NULL,
    folded_to       text NOT NULL,             -- ingest time of the event at the position, in UTC
    tables          text[] NOT NULL,           -- name, rows, digest of each
    sequences       text[] NOT NULL,           -- name, last value, whether it was called, of each
    seal            text NOT NULL,             -- SHA-256 over all above but the schema's name
    bytes           bigint NOT NULL,
    took_us         bigint NOT NULL,
    taken_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    refused         text,                      -- why it is not what was sealed, or must not be used; else null
    refused_at      timestamptz,
    PRIMARY KEY (ledger, name, number)
);
CREATE INDEX projection_snapshots_by_position ON sealstream.projection_snapshots (ledger, name, position);

CREATE SEQUENCE sealstream.snapshot_numbers AS integer;
CREATE SEQUENCE sealstream.past_numbers AS integer;

-- Snapshots that somebody has asked for, taken by the projector; the last order of each projection.
CREATE TABLE sealstream.snapshot_orders (
    ledger   text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    state    text NOT NULL CHECK (state IN ('waiting', 'done', 'failed')),
    number   integer,                   -- of what was taken
    reason   text NOT NULL DEFAULT '',
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, name)
);

-- Versions in the state 'past': a projection as it was at one position. Those for questions have negative versions and
-- are dropped in time; those that an operator has ordered are kept until he drops them.
CREATE TABLE sealstream.past_versions (
    ledger        text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    version       integer NOT NULL,
    position      bigint NOT NULL,
    base_position bigint NOT NULL,               -- of the snapshot that it began with; 0: none
    is_complete   boolean NOT NULL DEFAULT false,
    is_kept       boolean NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT clock_timestamp(), -- when it was begun
    used_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, name, version),
    FOREIGN KEY (ledger, name, version) REFERENCES sealstream.projections ON DELETE CASCADE
);
