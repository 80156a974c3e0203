#!/bin/sh
# The example from begin to end:  run.sh POSTGRES_URI
#
# Needs psql, and a process of Sealstream with the role relay that uses the same database. Makes the tables,
# does four transactions, of which one is rolled back, and waits until the three events are in the log.
set -eu
uri=$1
here=$(dirname "$0")

psql "$uri" -q -v ON_ERROR_STOP=1 -f "$here/schema.sql"

transaction() {
    psql "$uri" -q -v ON_ERROR_STOP=1 -c "$1"
}
transaction "INSERT INTO profiles VALUES ('treasury', 1000), ('ann', 0), ('bob', 0), ('fees', 0)"
transaction "BEGIN;
    UPDATE profiles SET liquid = liquid - 100 WHERE name = 'treasury';
    UPDATE profiles SET liquid = liquid + 99.5 WHERE name = 'ann';
    UPDATE profiles SET liquid = liquid + 0.5 WHERE name = 'fees';
    COMMIT"
transaction "BEGIN;
    UPDATE profiles SET liquid = liquid + 1000000 WHERE name = 'bob';
    ROLLBACK"
transaction "BEGIN;
    UPDATE profiles SET liquid = liquid - 40, staked = staked + 40 WHERE name = 'ann';
    COMMIT"

tries=0
until [ "$(psql "$uri" -Atc "SELECT count(*) FROM sealstream.outbox WHERE emitted_at IS NULL")" = 0 ]; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || { echo "the relay has not come in ten seconds" >&2; exit 1; }
    sleep 0.1
done
psql "$uri" -Atc "SELECT data::json ->> 'kind', data::json ->> 'net', position
                  FROM sealstream.outbox ORDER BY position"
