-- The log of the single-database profile. Appends lock the ledger's row, so positions are gapless and become
-- visible in their order.

CREATE TABLE sealstream.ledgers (
    ledger_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ledger      text COLLATE "C" NOT NULL UNIQUE,
    incarnation uuid NOT NULL DEFAULT gen_random_uuid(), -- another one after drop and create
    head        bigint NOT NULL DEFAULT 0                -- the last position
);

CREATE TABLE sealstream.records (
    ledger_id   integer NOT NULL,
    position    bigint NOT NULL,
    ingested    bigint NOT NULL, -- nanoseconds since 1970 UTC
    id          uuid NOT NULL,
    stream_type text COLLATE "C" NOT NULL,
    stream_id   text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    hash        bytea,           -- of a chained event
    record      bytea NOT NULL,  -- the exact bytes
    PRIMARY KEY (ledger_id, position)
);
CREATE UNIQUE INDEX records_by_id ON sealstream.records (ledger_id, id);
CREATE UNIQUE INDEX records_by_stream
    ON sealstream.records (ledger_id, stream_type, stream_id, version);

CREATE FUNCTION sealstream.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sealstream.records
    FOR EACH STATEMENT EXECUTE FUNCTION sealstream.refuse_change();
