-- The forensic log: events that a rule has kept out of the ledger. Rows leave by retention only.

CREATE TABLE sealstream.rejections (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ledger      text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    code        text NOT NULL,   -- of the refusal
    rule        text NOT NULL,   -- that has decided
    reason      text NOT NULL,
    id          uuid NOT NULL,
    type        text COLLATE "C" NOT NULL,
    stream_type text COLLATE "C" NOT NULL,
    stream_id   text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    data_sha256 bytea NOT NULL,  -- of all of the data
    data_bytes  bigint NOT NULL, -- of all of it
    data        text NOT NULL    -- its beginning
);
CREATE INDEX rejections_by_ledger ON sealstream.rejections (ledger, number);
CREATE INDEX rejections_by_type ON sealstream.rejections (ledger, type, number);
CREATE INDEX rejections_by_source ON sealstream.rejections (ledger, source, number);
CREATE INDEX rejections_by_time ON sealstream.rejections (ledger, at);
