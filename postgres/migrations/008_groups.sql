-- Groups of competing consumers (core/groups/group_rules.hpp). Every call locks its group's row first.

CREATE TABLE sealstream.groups (
    ledger         text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    filter         text NOT NULL,             -- as the client wrote it, canonical JSON
    cursor         bigint NOT NULL,           -- what is in the log up to here is settled, or in group_events
    lease_ms       bigint NOT NULL,
    deliveries_max integer NOT NULL,
    last_token     bigint NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, name)
);

-- Events that are not settled: acknowledged or skipped ones are removed.
CREATE TABLE sealstream.group_events (
    ledger      text COLLATE "C" NOT NULL,
    group_name  text COLLATE "C" NOT NULL,
    stream_type text COLLATE "C" NOT NULL,
    stream_id   text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    ingested    bigint NOT NULL, -- nanoseconds since 1970 UTC
    PRIMARY KEY (ledger, group_name, stream_type, stream_id, position)
);

-- Streams that have such events.
CREATE TABLE sealstream.group_streams (
    ledger            text COLLATE "C" NOT NULL,
    group_name        text COLLATE "C" NOT NULL,
    stream_type       text COLLATE "C" NOT NULL,
    stream_id         text COLLATE "C" NOT NULL,
    first_position    bigint NOT NULL,
    owner             bigint NOT NULL DEFAULT 0, -- token of the claim that it is leased to
    leased_until      bigint NOT NULL DEFAULT 0, -- microseconds since 1970 UTC, as not_before
    delivered_through bigint NOT NULL DEFAULT 0,
    not_before        bigint NOT NULL DEFAULT 0,
    deliveries        integer NOT NULL DEFAULT 0,
    is_parked         boolean NOT NULL DEFAULT false,
    reason            text NOT NULL DEFAULT '',
    PRIMARY KEY (ledger, group_name, stream_type, stream_id),
    FOREIGN KEY (ledger, group_name) REFERENCES sealstream.groups ON DELETE CASCADE
);
CREATE INDEX group_streams_free ON sealstream.group_streams (ledger, group_name, first_position)
    WHERE owner = 0 AND NOT is_parked;
CREATE INDEX group_streams_owned ON sealstream.group_streams (ledger, group_name, owner) WHERE owner <> 0;
CREATE INDEX group_streams_parked ON sealstream.group_streams (ledger, group_name, first_position) WHERE is_parked;
ALTER TABLE sealstream.group_events ADD FOREIGN KEY (ledger, group_name) REFERENCES sealstream.groups ON DELETE CASCADE;
