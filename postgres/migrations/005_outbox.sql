-- Events of application transactions, on their way into a log that is not in this database.
--
-- Commit order: a deferred trigger numbers each transaction while it commits, under a lock that it keeps until it has
-- committed. So numbers become visible in their order, and no transaction waits for another one that is still working.

CREATE TABLE sealstream.append_settings (
    ledger         text COLLATE "C" PRIMARY KEY,
    target         text NOT NULL CHECK (target IN ('log', 'outbox')), -- where sealstream.append() writes
    codec          text NOT NULL DEFAULT 'json',
    chained_types  text[] NOT NULL DEFAULT '{}', -- of streams; {*} is all
    data_bytes_max integer NOT NULL DEFAULT 1048576
);

-- Which login roles may say that an event has another source than their own name.
CREATE TABLE sealstream.append_sources (
    role_name text COLLATE "C" NOT NULL,
    source    text COLLATE "C" NOT NULL,
    PRIMARY KEY (role_name, source)
);

CREATE SEQUENCE sealstream.outbox_commits;

CREATE TABLE sealstream.outbox_transactions (
    ledger        text COLLATE "C" NOT NULL,
    frame         text COLLATE "C" NOT NULL, -- the server's history that counts this txid
    txid          xid8 NOT NULL,
    commit_number bigint,                    -- null only inside the transaction
    events        integer NOT NULL DEFAULT 0,
    committed_at  timestamptz,
    emitted_at    timestamptz,               -- all its events are in the log
    parked_at     timestamptz,               -- the log refuses it: a person must look
    parked_reason text,
    PRIMARY KEY (ledger, frame, txid)
);
CREATE UNIQUE INDEX outbox_by_commit ON sealstream.outbox_transactions (ledger, commit_number);
CREATE INDEX outbox_waiting ON sealstream.outbox_transactions (ledger, commit_number)
    WHERE emitted_at IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_parked ON sealstream.outbox_transactions (ledger, commit_number) WHERE parked_at IS NOT NULL;
CREATE INDEX outbox_emitted ON sealstream.outbox_transactions (ledger, emitted_at) WHERE emitted_at IS NOT NULL;

CREATE TABLE sealstream.outbox (
    ledger      text COLLATE "C" NOT NULL,
    frame       text COLLATE "C" NOT NULL,
    txid        xid8 NOT NULL,
    number      integer NOT NULL, -- in its transaction, from 0
    id          uuid NOT NULL,
    stream_type text COLLATE "C" NOT NULL,
    stream_id   text COLLATE "C" NOT NULL,
    type        text NOT NULL,
    source      text NOT NULL,
    actor       text,
    time_ns     bigint,
    data        text NOT NULL,    -- canonical JSON, as meta
    meta        text,
    key         text,
    emitted_at  timestamptz,      -- the log has acknowledged it, at
    position    bigint,
    version     bigint,
    PRIMARY KEY (ledger, frame, txid, number),
    CONSTRAINT outbox_by_id UNIQUE (ledger, id),
    FOREIGN KEY (ledger, frame, txid) REFERENCES sealstream.outbox_transactions ON DELETE CASCADE
);

-- The one relay of a ledger, and what it was about to publish: after a crash the log is read from `attempted_after`
-- to see whether the transactions up to `attempted_through` are there.
CREATE TABLE sealstream.outbox_relays (
    ledger            text COLLATE "C" PRIMARY KEY,
    epoch             bigint NOT NULL DEFAULT 0, -- each owner takes a higher one; a lower one may not write
    attempted_through bigint NOT NULL DEFAULT 0, -- a commit number
    attempted_after   bigint NOT NULL DEFAULT 0, -- a position of the log
    incarnation       text NOT NULL DEFAULT ''   -- of the log
);

CREATE FUNCTION sealstream.number_commit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sealstream outbox ' || NEW.ledger, 0));
    UPDATE sealstream.outbox_transactions
    SET commit_number = nextval('sealstream.outbox_commits'), committed_at = clock_timestamp()
    WHERE ledger = NEW.ledger AND frame = NEW.frame AND txid = NEW.txid AND commit_number IS NULL;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER number_commit AFTER INSERT ON sealstream.outbox_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sealstream.number_commit();

-- Which count of txids this is: another after a restore or a promotion, when the same txid can come again.
CREATE FUNCTION sealstream.transaction_frame() RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT substr(encode(sha256(convert_to(
        system_identifier || ' ' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8), 'UTF8')), 'hex'), 1, 8)
    FROM pg_control_system()
$$;
