-- Read models of packs. A pack's SQL runs as two roles of its own, inside functions that belong to them
-- (projections/apart): one owns the tables, the other folds. Nobody but us may look into this schema, so not
-- even its owner can name such a function.

CREATE SCHEMA sealstream_apart;
REVOKE ALL ON SCHEMA sealstream_apart FROM PUBLIC;

ALTER TABLE sealstream.projections
    ADD COLUMN schema_versions text[] COLLATE "C" NOT NULL DEFAULT '{}', -- "type=version", at the cursor
    ADD COLUMN definition jsonb,       -- the SQL that made and folds the tables; null: made before this was kept
    ADD COLUMN halt_code text,         -- of `halted`, for programs
    ADD COLUMN paused_at timestamptz,  -- an operator has said: not now
    ADD COLUMN folded_to timestamptz;  -- ingest time of the event at the cursor

-- Streams of which an event could not be folded: from that event on, its events wait here, in order.
CREATE TABLE sealstream.parked_streams (
    ledger         text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL, -- of the projection
    version        integer NOT NULL,
    stream_type    text COLLATE "C" NOT NULL,
    stream_id      text COLLATE "C" NOT NULL,
    first_position bigint NOT NULL, -- of the event that failed
    events         bigint NOT NULL DEFAULT 0,
    sqlstate       text NOT NULL,
    reason         text NOT NULL,
    parked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries          integer NOT NULL DEFAULT 1,
    retry_asked    timestamptz,
    PRIMARY KEY (ledger, name, version, stream_type, stream_id),
    FOREIGN KEY (ledger, name, version) REFERENCES sealstream.projections ON DELETE CASCADE
);
CREATE TABLE sealstream.parked_events (
    ledger         text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    projection_version integer NOT NULL,
    position       bigint NOT NULL,
    id             uuid NOT NULL,
    stream_type    text COLLATE "C" NOT NULL,
    stream_id      text COLLATE "C" NOT NULL,
    version        bigint NOT NULL,
    type           text COLLATE "C" NOT NULL,
    schema_version integer NOT NULL,
    source         text COLLATE "C" NOT NULL,
    actor          text COLLATE "C" NOT NULL,
    category       text COLLATE "C",
    key            text COLLATE "C" NOT NULL,
    "time"         timestamptz,
    ingested       timestamptz NOT NULL,
    data           jsonb NOT NULL,
    meta           jsonb,
    hash           bytea,
    prev_hash      bytea,
    skipped        boolean NOT NULL,
    PRIMARY KEY (ledger, name, projection_version, position),
    FOREIGN KEY (ledger, name, projection_version, stream_type, stream_id)
        REFERENCES sealstream.parked_streams (ledger, name, version, stream_type, stream_id) ON DELETE CASCADE
);
CREATE INDEX parked_events_by_stream ON sealstream.parked_events
    (ledger, name, projection_version, stream_type, stream_id, position);

-- After a pack's SQL has run as `fold_role`: it owns what we have given it, its one function, and nothing else. Whatever
-- it might have made (a temporary table with a deferred trigger) would otherwise work at our commit, with our rights.
-- `batch_table` is the session's table of events, which DISCARD TEMP would have removed.
CREATE FUNCTION sealstream.check_apart(fold_role text, batch_table oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    role_id oid := (SELECT oid FROM pg_roles WHERE rolname = fold_role);
    made    text;
BEGIN
    SELECT string_agg(pg_describe_object(classid, objid, objsubid), ', ') INTO made
    FROM pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass AND refobjid = role_id AND deptype = 'o'
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND NOT (classid = 'pg_proc'::regclass
               AND objid IN (to_regprocedure(format('sealstream_apart.%I(text,text)', fold_role)),
                             to_regprocedure(format('sealstream_apart.%I(text,text[])', fold_role))));
    IF made IS NOT NULL THEN
        RAISE EXCEPTION 'a fold may not make anything of its own: %', made USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (SELECT count(*) FROM pg_proc WHERE prosecdef AND proowner = role_id
        AND oid IN (to_regprocedure(format('sealstream_apart.%I(text,text)', fold_role)),
                    to_regprocedure(format('sealstream_apart.%I(text,text[])', fold_role)))) <> 2 THEN
        RAISE EXCEPTION 'a fold may not change the functions that run it' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = batch_table) THEN
        RAISE EXCEPTION 'a fold may not drop the table of events' USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- What a pack may not have made in its schemas: anything that could run the pack's code with the rights of
-- somebody else (at commit, when tables are compared or restored), or that is not a table, view, sequence, type or function.
CREATE FUNCTION sealstream.objects_refused(owner_role text, schema_prefix text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH owner AS (SELECT oid FROM pg_roles WHERE rolname = owner_role),
    owned AS (
        SELECT classid, objid, objsubid FROM pg_shdepend, owner
        WHERE refclassid = 'pg_authid'::regclass AND refobjid = owner.oid AND deptype = 'o'
          AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND NOT (classid = 'pg_proc'::regclass
                   AND objid IN (to_regprocedure(format('sealstream_apart.%I(text,text)', owner_role)),
                                 to_regprocedure(format('sealstream_apart.%I(text,text[])', owner_role)))))
    SELECT pg_describe_object(classid, objid, objsubid) FROM owned
    WHERE classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass)
    UNION ALL
    SELECT pg_describe_object('pg_class'::regclass, c.oid, 0) FROM pg_class c, owner
    WHERE relowner = owner.oid AND relkind NOT IN ('t', 'i', 'I') -- which are where their tables are
      AND (relkind NOT IN ('r', 'p', 'v', 'S', 'c') OR relpersistence = 't' OR relrowsecurity
           OR left((SELECT nspname FROM pg_namespace n WHERE n.oid = relnamespace), length(schema_prefix)) <> schema_prefix)
    UNION ALL
    SELECT pg_describe_object('pg_type'::regclass, t.oid, 0) FROM pg_type t, owner
    WHERE typowner = owner.oid
      AND (typtype NOT IN ('e', 'd', 'c') AND NOT (typtype = 'b' AND typcategory = 'A')
           OR left((SELECT nspname FROM pg_namespace n WHERE n.oid = typnamespace), length(schema_prefix)) <> schema_prefix)
    UNION ALL
    SELECT pg_describe_object('pg_proc'::regclass, p.oid, 0) FROM pg_proc p JOIN owned ON objid = p.oid AND classid = 'pg_proc'::regclass
    WHERE prosecdef OR prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('sql', 'plpgsql'))
       OR left((SELECT nspname FROM pg_namespace n WHERE n.oid = pronamespace), length(schema_prefix)) <> schema_prefix
    UNION ALL
    SELECT 'deferrable ' || pg_describe_object('pg_trigger'::regclass, t.oid, 0)
    FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid, owner WHERE relowner = owner.oid AND tgdeferrable AND NOT tgisinternal
    UNION ALL
    SELECT 'deferrable ' || pg_describe_object('pg_constraint'::regclass, k.oid, 0)
    FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid, owner WHERE relowner = owner.oid AND condeferrable
    UNION ALL
    SELECT pg_describe_object('pg_rewrite'::regclass, w.oid, 0)
    FROM pg_rewrite w JOIN pg_class c ON c.oid = ev_class, owner WHERE relowner = owner.oid AND rulename <> '_RETURN'
    UNION ALL
    SELECT pg_describe_object('pg_policy'::regclass, y.oid, 0)
    FROM pg_policy y JOIN pg_class c ON c.oid = polrelid, owner WHERE relowner = owner.oid
    UNION ALL
    SELECT pg_describe_object('pg_cast'::regclass, k.oid, 0) FROM pg_cast k, owner
    WHERE EXISTS (SELECT FROM pg_type WHERE typowner = owner.oid AND pg_type.oid IN (castsource, casttarget))
$$;
REVOKE ALL ON FUNCTION sealstream.check_apart(text, oid), sealstream.objects_refused(text, text) FROM PUBLIC;

-- Projections that could not even be made.
CREATE TABLE sealstream.projection_faults (
    ledger  text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    code    text NOT NULL,
    reason  text NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, name)
);

-- Rebuilds: asked for by anybody, done by the projector; the last one of each projection. What is built so far has its
-- cursor in sealstream.projections, so a rebuild goes on after a restart where it stood.
CREATE TABLE sealstream.projection_rebuilds (
    ledger            text COLLATE "C" NOT NULL,
    name              text COLLATE "C" NOT NULL,
    state             text NOT NULL CHECK (state IN ('waiting', 'running', 'paused', 'ready', 'done', 'failed', 'cancelled')),
    wish              text NOT NULL CHECK (wish IN ('run', 'pause', 'swap', 'cancel')),
    swaps             boolean NOT NULL,   -- by itself, when it is through and equal; else it waits as ready
    is_forced         boolean NOT NULL,   -- swaps although it is different: the SQL has changed
    events_per_second bigint CHECK (events_per_second > 0), -- null: as fast as it goes
    fold_digest       text NOT NULL DEFAULT '', -- of what is built
    version           integer,
    stage             text NOT NULL DEFAULT 'waiting',
    from_position     bigint NOT NULL DEFAULT 0, -- where this run of it began, for its rate
    folded            bigint NOT NULL DEFAULT 0,
    head              bigint NOT NULL DEFAULT 0,
    is_equal          boolean,
    different_tables  text[] NOT NULL DEFAULT '{}',
    swap_us           bigint,
    held_us           bigint,
    reason            text NOT NULL DEFAULT '',
    asked_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at        timestamptz,
    changed_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (ledger, name)
);

-- Statements that wrote into a table of a projection past its projector. Whoever folds holds the row lock on the cursor;
-- nobody else does, and no setting can pretend it.
CREATE TABLE sealstream.foreign_writes (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ledger     text COLLATE "C",
    name       text COLLATE "C",
    version    integer,
    table_name text NOT NULL,
    operation  text NOT NULL,
    written_by text NOT NULL,
    rows       jsonb, -- at most 20 of those that it wrote; null when it only removed
    at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX foreign_writes_by_projection ON sealstream.foreign_writes (ledger, name, version, number);

CREATE FUNCTION sealstream.note_foreign_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p       record;
    written jsonb;
BEGIN
    SELECT ledger, name, version, xmax = pg_current_xact_id()::xid AS is_folding INTO p
    FROM sealstream.projections WHERE schema_name = TG_TABLE_SCHEMA;
    IF p.is_folding THEN
        RETURN NULL;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        EXECUTE format('SELECT jsonb_agg(to_jsonb(t)) FROM (SELECT * FROM %I.%I AS t'
                       ' WHERE t.xmin = pg_current_xact_id()::xid LIMIT 20) AS t', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO written;
    END IF;
    INSERT INTO sealstream.foreign_writes (ledger, name, version, table_name, operation, written_by, rows)
    VALUES (p.ledger, p.name, p.version, format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), TG_OP,
            session_user || coalesce(' as ' || nullif(current_setting('application_name'), ''), ''), written);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION sealstream.note_foreign_write() FROM PUBLIC;

-- Puts it on all tables of a schema that have it not; how many.
CREATE FUNCTION sealstream.watch_tables(schema_name text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    t       record;
    watched integer := 0;
BEGIN
    FOR t IN SELECT c.oid, relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
             WHERE nspname = schema_name AND relkind IN ('r', 'p') AND NOT relispartition
               AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'sealstream_foreign_write') LOOP
        EXECUTE format('CREATE TRIGGER sealstream_foreign_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I.%I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION sealstream.note_foreign_write()', schema_name, t.relname);
        watched := watched + 1;
    END LOOP;
    RETURN watched;
END
$$;
REVOKE ALL ON FUNCTION sealstream.watch_tables(text) FROM PUBLIC;
