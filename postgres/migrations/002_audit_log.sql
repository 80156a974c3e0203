-- The audit stream of the single-database profile. The primary key fences: of two writers that follow the same
-- entry, one fails.

CREATE TABLE sealstream.audit_entries (
    ledger   text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    entry    bytea NOT NULL,
    PRIMARY KEY (ledger, sequence)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sealstream.audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION sealstream.refuse_change();
