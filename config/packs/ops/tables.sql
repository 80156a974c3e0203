-- How long events of a category can be read: as the retention classes of pack.yaml.
CREATE TABLE category (
    name text COLLATE "C" PRIMARY KEY,
    days integer NOT NULL
);
INSERT INTO category VALUES
    ('system', 90), ('service', 30), ('security', 365), ('ai', 30), ('user', 90), ('config', 180), ('error', 30);

CREATE TABLE event (
    position bigint PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    recorded timestamptz NOT NULL,
    category text COLLATE "C" NOT NULL,
    action text NOT NULL,
    actor text,
    target text,
    data jsonb NOT NULL,
    result text,
    error text,
    previous_hash text NOT NULL,
    hash text NOT NULL,
    bytes bigint NOT NULL,   -- of its line in a file, about
    payload_key text COLLATE "C" -- of a payload that the ledger forgets when its time is over
);
CREATE INDEX event_payload_key ON event (payload_key) WHERE payload_key IS NOT NULL;

-- One row, once there is an event.
CREATE TABLE store (
    is_one boolean PRIMARY KEY CHECK (is_one),
    last_hash text NOT NULL,
    broken_at bigint         -- the first position whose previous_hash is not the hash before it
);

CREATE TABLE tally (
    category text COLLATE "C" NOT NULL,
    day date NOT NULL,       -- UTC
    events bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (category, day)
);

-- What `sealstream export segments` has said last; no row: never.
CREATE TABLE files (
    is_one boolean PRIMARY KEY CHECK (is_one),
    file_count bigint NOT NULL,
    total_size_bytes bigint NOT NULL
);

-- The events that have not aged out, in the form of the API.
CREATE VIEW envelope AS
SELECT e.position, e.id, e.recorded,
       regexp_replace(to_char(e.recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\.?0+$', '') || 'Z' AS timestamp,
       e.category, e.action, e.actor, e.target, e.data, e.result, e.error, e.previous_hash, e.hash
FROM event e JOIN category c ON c.name = e.category
WHERE e.recorded > now() - make_interval(days => c.days);

-- The lines of files: what `sealstream export segments` reads.
CREATE VIEW segment_line AS
SELECT v.position, v.recorded, row_to_json(l)::text AS line
FROM envelope v,
     LATERAL (SELECT v.id, v.timestamp, v.category, v.action, v.actor, v.target, v.data, v.result, v.error, v.previous_hash, v.hash) l;
