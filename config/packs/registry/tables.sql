-- last_sequence is the sequence of the last event that made the row what it is.
CREATE TABLE artifact_packages (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C",
    version text COLLATE "C",
    format text,
    metadata jsonb NOT NULL,
    is_withdrawn boolean,               -- null: nobody has said
    state text GENERATED ALWAYS AS (CASE WHEN is_withdrawn THEN 'withdrawn' ELSE 'offered' END) STORED,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    last_sequence bigint NOT NULL
);

CREATE TABLE artifact_files (
    id text COLLATE "C" PRIMARY KEY,
    package_id text COLLATE "C",
    path text,
    size_bytes bigint,
    digest text COLLATE "C",
    media_type text,
    ingested_at timestamptz NOT NULL,
    ingested_by text NOT NULL,
    verified_at timestamptz,
    verified_digest text COLLATE "C",   -- of the bytes, when they were read last
    is_removed boolean NOT NULL,        -- for ever
    state text GENERATED ALWAYS AS (CASE WHEN is_removed THEN 'removed' WHEN verified_digest <> digest THEN 'damaged'
                                    ELSE 'present' END) STORED,
    last_sequence bigint NOT NULL
);

CREATE TABLE file_copies (
    file_id text COLLATE "C",
    storage_id text COLLATE "C",
    key text,
    placed_at timestamptz NOT NULL,
    PRIMARY KEY (file_id, storage_id)
);

CREATE TABLE storage_locations (
    id text COLLATE "C" PRIMARY KEY,
    kind text,
    uri text,
    given_state text,                   -- null: nobody has said
    state text GENERATED ALWAYS AS (coalesce(given_state, 'active')) STORED,
    registered_at timestamptz NOT NULL,
    last_sequence bigint NOT NULL
);

CREATE TABLE retention_state (
    package_id text COLLATE "C" PRIMARY KEY,
    policy text,
    keep_until timestamptz,
    last_word text,                     -- the last event about holds
    is_held boolean GENERATED ALWAYS AS (coalesce(last_word = 'v1.retention.held', false)) STORED,
    hold_reason text,
    set_at bigint,                      -- the sequence of the last time that retention was set
    ended_at bigint,                    -- and that it ended
    expired_at timestamptz,
    is_expired boolean GENERATED ALWAYS AS (coalesce(ended_at > coalesce(set_at, 0), false)) STORED,
    version bigint NOT NULL,  -- of its stream
    last_sequence bigint NOT NULL
);
