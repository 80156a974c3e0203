-- An application with balances. It never emits an event by hand: a trigger journals every change of a balance, wherever in
-- the code it is made, and one event per transaction says what the transaction has done.

CREATE TABLE profiles (
    name   text PRIMARY KEY,
    liquid numeric NOT NULL DEFAULT 0 CHECK (liquid >= 0),
    staked numeric NOT NULL DEFAULT 0 CHECK (staked >= 0)
);

CREATE TABLE balance_journal (
    txid   xid8 NOT NULL DEFAULT pg_current_xact_id(),
    number bigint GENERATED ALWAYS AS IDENTITY,
    name   text NOT NULL,
    liquid numeric NOT NULL, -- what was added
    staked numeric NOT NULL,
    PRIMARY KEY (txid, number)
);

CREATE FUNCTION journal_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO balance_journal (name, liquid, staked)
    VALUES (NEW.name,
            NEW.liquid - CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.liquid END,
            NEW.staked - CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.staked END);
    RETURN NULL;
END
$$;
CREATE TRIGGER journal_balance AFTER INSERT OR UPDATE OF liquid, staked ON profiles
    FOR EACH ROW EXECUTE FUNCTION journal_balance();

-- Runs while the transaction commits, once for each journal row; the first makes the event, the key the others harmless.
-- The sum over all profiles, treasury included, says what kind of change it was: 0 moved, more issued, less destroyed.
CREATE FUNCTION emit_balance_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frame CONSTANT text := 'frame-a';
    total numeric;
    moves json;
BEGIN
    IF NEW.number > (SELECT min(number) FROM balance_journal WHERE txid = NEW.txid) THEN
        RETURN NULL;
    END IF;
    SELECT sum(liquid + staked) INTO total FROM balance_journal WHERE txid = NEW.txid;
    SELECT json_agg(json_build_object('profile', name, 'liquid', liquid::text, 'staked', staked::text) ORDER BY name)
    INTO moves FROM (SELECT name, sum(liquid) AS liquid, sum(staked) AS staked
                     FROM balance_journal WHERE txid = NEW.txid GROUP BY name) AS changed;
    PERFORM sealstream.append(
        'main', 'ledger/' || frame, 'LedgerBalanceChanged',
        json_build_object('txid', NEW.txid::text, 'net', total::text, 'moves', moves,
                          'kind', CASE WHEN total = 0 THEN 'moved' WHEN total > 0 THEN 'issued' ELSE 'destroyed' END),
        key => 'ledger-tx-' || frame || '-' || NEW.txid);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER emit_balance_change AFTER INSERT ON balance_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION emit_balance_change();
