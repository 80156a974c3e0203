#!/usr/bin/env python3
"""The SQL of the pack `deals` by itself, in a database of $DATABASE's server: thousands of random steps, each judged by
deal_specification.py, and the same events folded again in other batches.

SEALSTREAM_TEST_SEED repeats a run, SEALSTREAM_MODEL_HISTORIES (60) makes it longer.
"""

import json
import os
import pathlib
import re
import subprocess
import time
import unittest
import uuid

import deal_specification as deals

PACK = pathlib.Path(__file__).resolve().parents[1] / "config/packs/deals"
DATABASE = os.environ.get("DATABASE", "")
SEED = int(os.environ.get("SEALSTREAM_TEST_SEED") or time.time_ns() % 2**32)
HISTORIES = int(os.environ.get("SEALSTREAM_MODEL_HISTORIES", "60"))
STEPS = 60
BATCH_MAX = 400
TABLES = ["deal", "deal_event", "deal_role", "deal_approval", "deal_override", "deal_material"]
TYPES = {"stream_id": "text", "type": "text", "meta": "jsonb", "actor": "text", "dealId": "text"}
BATCH = """CREATE TEMP TABLE incoming (position bigint, version bigint, id uuid, stream_type text, stream_id text, type text,
    source text, actor text, ingested timestamptz, data jsonb, meta jsonb, hash bytea, prev_hash bytea);"""


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def prepared(name, file, columns):
    """Each parameter once, in the order of TYPES."""
    order = list(TYPES)
    text = re.sub(r"(?<![:\w]):(\w+)", lambda found: f"${order.index(found[1]) + 1}", (PACK / file).read_text())
    return f"PREPARE {name} ({', '.join(TYPES.values())}) AS SELECT {columns} FROM ({text}) q;\n"


def executed(name, deal, event=None):
    event = event or deals.event("")
    values = [deal, event["type"], json.dumps({"authorityContext": event["authorityContext"]}), event["actorId"] or "", deal]
    return f"EXECUTE {name} ({', '.join(map(quoted, values))});\n"


def row(position, version, deal, event):
    meta = {"authorityContext": event["authorityContext"], "evidenceRefs": event["evidenceRefs"]}
    digest = [f"'\\x{number:064x}'" for number in (position, 0 if version == 1 else position - 1)]
    at = f"'2025-12-24T10:00:00Z'::timestamptz + {position} * interval '1 s'"
    return (f"({position}, {version}, '{uuid.UUID(int=position)}', 'deal', '{deal}', '{event['type']}', 'test', "
            f"{quoted(event['actorId'] or '')}, {at}, {quoted(json.dumps(event['payload']))}, {quoted(json.dumps(meta))}, "
            f"{', '.join(digest)})")


class Script:
    """One psql run: statements, and the lines that they must print."""

    def __init__(self):
        fold = (PACK / "apply.sql").read_text()
        self.text = ["SET client_min_messages = warning;\n", BATCH,
                     "CREATE TEMP VIEW batch AS SELECT * FROM incoming;\n"]
        for schema in ("steps", "cut"):
            self.text.append(f"CREATE SCHEMA {schema}; SET search_path = {schema};\n{(PACK / 'tables.sql').read_text()}\n")
        self.text.append("SET search_path = steps;\n")
        self.text.append(prepared("transition", "guards/transition.sql", "violation"))
        self.text.append(prepared("gate", "guards/gate.sql", "violation"))
        self.text.append(prepared("deal", "queries/deal.sql", "row_to_json(q)"))
        self.fold = "BEGIN;\n" + fold + ";\nTRUNCATE incoming;\nCOMMIT;\n"
        self.log = []

    def mark(self, what):
        self.text.append(f"SELECT {quoted('#' + what)};\n")

    def apply(self, rows):
        self.text.append("INSERT INTO incoming VALUES " + ",\n".join(rows) + ";\n" + self.fold)

    def run(self):
        done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", DATABASE], input="".join(self.text), text=True,
                              capture_output=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


class DealsSqlTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        print(f"seed {SEED}")
        subprocess.run(["psql", "-qX", DATABASE, "-c", "DROP SCHEMA IF EXISTS steps, cut CASCADE"], check=True,
                       stderr=subprocess.DEVNULL)

    def test_random_histories_are_judged_and_folded_as_specified_however_they_are_cut(self):
        dice, script, expected, log = deals.generator(SEED), Script(), [], []
        histories = {str(uuid.UUID(int=dice.getrandbits(128), version=4)): [] for _ in range(HISTORIES)}
        for _ in range(HISTORIES * STEPS):
            deal = dice.choice(list(histories))
            history = histories[deal]
            event = deals.next_event(history, dice)
            refusals = deals.refusals_of(history, event)
            expected.append((history[:], event, refusals))
            script.mark("judge")
            script.text.append(executed("transition", deal, event))
            script.mark("gate")
            script.text.append(executed("gate", deal, event))
            if not refusals:
                history.append(event)
                log.append(row(len(log) + 1, len(history), deal, event))
                script.apply([log[-1]])
            script.mark("deal")
            script.text.append(executed("deal", deal))
        script.text.append("SET search_path = cut;\n")
        for begin in self.cuts(dice, len(log)):
            script.apply(log[begin[0]:begin[1]])
        script.mark("differences")
        for table in TABLES:
            script.text.append(f"SELECT '{table}', d FROM ((TABLE steps.{table} EXCEPT TABLE cut.{table})"
                               f" UNION ALL (TABLE cut.{table} EXCEPT TABLE steps.{table})) d LIMIT 3;\n")
        self.compare(script.run(), expected)
        print(f"{len(expected)} steps, {len(log)} events")

    @staticmethod
    def cuts(dice, end):
        begin = 0
        while begin < end:
            size = dice.choice([1, 2, dice.randrange(1, BATCH_MAX)])
            yield begin, min(begin + size, end)
            begin += size

    def compare(self, lines, expected):
        blocks, block = [], []
        for line in lines:
            if line.startswith("#"):
                block = []
                blocks.append((line, block))
            elif line:
                block.append(line)
        self.assertEqual(blocks.pop(), ("#differences", []))
        self.assertEqual(len(blocks), 3 * len(expected))
        for step, (history, event, refusals) in enumerate(expected):
            moved, gated, shown = (block for _, block in blocks[3 * step:3 * step + 3])
            told = [deals.told(map(json.loads, violations)) for violations in (moved, gated)]
            self.assertEqual(told[0] or told[1], refusals, f"seed {SEED}: {event} after {history}")
            now = history if refusals else [*history, event]
            summary = json.loads(shown[0]) if shown else {name: None for name in deals.summary_of([])}
            if now or shown:
                self.assertEqual({name: summary[name] for name in deals.summary_of([])}, deals.summary_of(now),
                                 f"seed {SEED}: {event} after {history}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
