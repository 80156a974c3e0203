-- A transaction that appends to the outboxes of several ledgers takes their locks in one order, whatever the order in
-- which it has appended: two that append in opposite orders wait for each other, and neither is undone as a deadlock.
-- The first row that is numbered takes the locks of all; nothing is numbered before, so numbers stay in the order of
-- commits.
CREATE OR REPLACE FUNCTION sealstream.number_commit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other text COLLATE "C";
BEGIN
    FOR other IN SELECT s.ledger FROM sealstream.append_settings AS s ORDER BY s.ledger LOOP
        IF EXISTS (SELECT FROM sealstream.outbox_transactions AS t
                   WHERE t.ledger = other AND t.frame = NEW.frame AND t.txid = NEW.txid) THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('sealstream outbox ' || other, 0));
        END IF;
    END LOOP;
    PERFORM pg_advisory_xact_lock(hashtextextended('sealstream outbox ' || NEW.ledger, 0)); -- without settings by now
    UPDATE sealstream.outbox_transactions
    SET commit_number = nextval('sealstream.outbox_commits'), committed_at = clock_timestamp()
    WHERE ledger = NEW.ledger AND frame = NEW.frame AND txid = NEW.txid AND commit_number IS NULL;
    RETURN NULL;
END
$$;
