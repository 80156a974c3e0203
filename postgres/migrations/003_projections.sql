-- What each projection has applied. A row moves in the same transaction as the tables of its projection, which
-- live in the schema `schema_name`.

CREATE TABLE sealstream.projections (
    ledger      text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    version     integer NOT NULL,        -- counts rebuilds
    state       text NOT NULL CHECK (state IN ('active', 'building', 'retired')),
    schema_name text COLLATE "C" NOT NULL UNIQUE,
    fold_digest text NOT NULL,           -- of the SQL that made the tables: other SQL needs a rebuild
    cursor      bigint NOT NULL DEFAULT 0 CHECK (cursor >= 0),
    epoch       bigint NOT NULL DEFAULT 0, -- of the projector that owns it: the highest one
    incarnation text NOT NULL DEFAULT '',  -- of the log that was read
    halted      text,                      -- why it must not go on, or null
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, name, version)
);
CREATE UNIQUE INDEX one_active_projection
    ON sealstream.projections (ledger, name) WHERE state = 'active';
