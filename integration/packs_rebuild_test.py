#!/usr/bin/env python3
"""The tables of the packs that come along depend on nothing but the log: random events of all their types, appended to the CBOR
ledger at $URL a few at a time, then every read model is built again in large batches and swapped in. All rows must be the same.

What the types are, and what their data look like, is read from the schemas in force. SEALSTREAM_TEST_SEED repeats a run.
"""

import json
import os
import random
import subprocess
import time
import unittest
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("URL", "http://127.0.0.1:1")
DATABASE = os.environ.get("DATABASE", "")
SEED = int(os.environ.get("SEALSTREAM_TEST_SEED") or time.time_ns() % 2**32)
EVENTS = int(os.environ.get("SEALSTREAM_MODEL_STEPS", "900"))
PACKS = ["deals", "kernel", "ops", "registry"]
PATIENCE_S = 60
WORDS = ["alpha", "beta", "gamma", "it's", "50%", "a_b", "ünï"]


def ask(method, target, body=None):
    request = urllib.request.Request(URL + target, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def query(sql):
    done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", DATABASE, "-c", sql], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def value_for(schema, dice):
    if "enum" in schema:
        return dice.choice(schema["enum"])
    kind = schema.get("type", "string")
    kind = dice.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        return data_for(schema, dice) if "properties" in schema else {dice.choice(WORDS): dice.choice(WORDS)}
    if kind == "array":
        return [value_for(schema.get("items", {}), dice) for _ in range(dice.randrange(3))]
    if kind in ("integer", "number"):
        return dice.randrange(1, 100)
    if kind == "boolean":
        return dice.random() < 0.5
    if kind == "null":
        return None
    if schema.get("format") == "date-time":
        return f"20{dice.randrange(30, 60)}-05-15T00:00:00Z"
    if schema.get("format") == "uuid":
        return str(uuid.UUID(int=dice.randrange(4)))
    pattern = schema.get("pattern", "")
    if pattern.startswith("^https"):
        return "https://hooks.example/" + dice.choice(["a", "b"])
    if pattern:
        return dice.choice("ab") * 64
    return dice.choice(WORDS)


def data_for(schema, dice):
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return {name: value_for(one, dice) for name, one in properties.items() if name in required or dice.random() < 0.6}


class RebuildTest(unittest.TestCase):
    maxDiff = None
    settled = 0

    def append_random(self):
        dice = random.Random(SEED)
        _, answer = ask("GET", "/v1/schemas")
        types = [one["event_type"] for one in answer["schemas"]]
        schemas = {kind: ask("GET", f"/v1/schemas/{kind}")[1]["schema"] for kind in types}
        places = {}
        statuses = {}
        for _ in range(EVENTS):
            kind = dice.choice(types)
            event = {"type": kind, "data": data_for(schemas[kind], dice), "actor": dice.choice(["", "ada", "bob"])}
            if not event["actor"]:
                del event["actor"]
            place = places.get(kind) or self.place_of(kind, event)
            places[kind] = place
            stream = "ops/main" if place == "ops" else f"{place}/{uuid.UUID(int=dice.randrange(4))}"
            status, answer = self.append(stream, event)
            self.assertIn(status, (201, 409), (kind, answer))
            statuses[status] = statuses.get(status, 0) + 1
            if status == 201:
                self.settled = int(answer["events"][0]["position"])
        print(f"seed {SEED}: {statuses[201]} events of {len(types)} types, {statuses.get(409, 0)} refused by guards")

    @staticmethod
    def append(stream, event):
        """Guards answer once there are tables."""
        deadline = time.monotonic() + PATIENCE_S
        event = {**event, "id": str(uuid.uuid4())}
        while True:
            status, answer = ask("POST", f"/v1/streams/{stream}/events", event)
            if status != 503 or time.monotonic() > deadline:
                return status, answer
            time.sleep(0.1)

    def place_of(self, kind, event):
        """The stream type that takes it, as the refusal of another one says."""
        status, answer = ask("POST", "/v1/streams/elsewhere/1/events", event)
        self.assertEqual((status, answer["code"]), (403, "emission_refused"), (kind, answer))
        return answer["detail"].split("streams of these types: ")[1].split(",")[0].split(".")[0].strip()

    def tables(self):
        shown = {}
        for pack in PACKS:
            for table in query("SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                               f" WHERE n.nspname = 'main_{pack}' AND relkind = 'r' ORDER BY 1"):
                shown[f"{pack}.{table}"] = query(f'SELECT t::text FROM main_{pack}."{table}" t ORDER BY 1')
        return shown

    def wait_for(self, sql, wanted):
        deadline = time.monotonic() + PATIENCE_S
        while (found := query(sql)) != wanted:
            self.assertLess(time.monotonic(), deadline, f"{sql}: {found}")
            time.sleep(0.2)

    def rebuilt(self, pack):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            rebuild = ask("GET", f"/v1/projections/{pack}")[1]["rebuild"]
            if rebuild and rebuild["state"] in ("done", "ready", "failed") or time.monotonic() > deadline:
                return rebuild["state"], rebuild["is_equal"], rebuild["different_tables"]
            time.sleep(0.1)

    def test_tables_are_the_same_when_they_are_built_again(self):
        self.append_random()
        self.wait_for("SELECT count(*) FROM sealstream.projections WHERE name = ANY ('{" + ",".join(PACKS) + "}')"
                      f" AND state = 'active' AND halted IS NULL AND cursor >= {self.settled}", [str(len(PACKS))])
        before = self.tables()
        for table in ("deals.deal_event", "kernel.entity", "ops.event", "registry.artifact_packages"):
            self.assertTrue(before[table], table)
        for pack in PACKS:
            status, answer = ask("POST", f"/v1/projections/{pack}/rebuild", {"swap": "auto"})
            self.assertEqual(status, 202, answer)
        for pack in PACKS:
            self.assertEqual(self.rebuilt(pack), ("done", True, []), f"seed {SEED}: {pack}")
        after = self.tables()
        self.assertEqual(list(after), list(before))
        for table, rows in before.items():
            self.assertEqual(after[table], rows, f"seed {SEED}: {table}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
