-- The event index: every event of the ledger once. Columns as in the table `incoming`; at_nanos is the time that
-- filters use: the event's own, else its ingest time. An id that is in the log twice counts once, at its first
-- position, so the unique index on it is there from the beginning.

CREATE TABLE events (
    position       bigint NOT NULL,
    id             uuid NOT NULL,
    stream_type    text COLLATE "C" NOT NULL,
    stream_id      text COLLATE "C" NOT NULL,
    version        bigint NOT NULL,
    type           text COLLATE "C" NOT NULL,
    source         text COLLATE "C" NOT NULL,
    actor          text COLLATE "C" NOT NULL,
    category       text COLLATE "C",
    time_nanos     bigint,
    ingested_nanos bigint NOT NULL,
    at_nanos       bigint NOT NULL,
    key            text COLLATE "C" NOT NULL,
    data           jsonb NOT NULL,
    meta           jsonb,
    data_exact     text,
    meta_exact     text,
    words          text[] COLLATE "C" NOT NULL,
    payload_key    text COLLATE "C",
    expired        boolean NOT NULL,
    skipped        boolean NOT NULL
);
CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE INDEX events_by_payload_key ON events (payload_key) WHERE payload_key IS NOT NULL AND NOT expired;
