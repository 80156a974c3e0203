#!/usr/bin/env python3
"""`sealstream replay` and `sealstream projection snapshot|snapshots|restore` beside the ledger at $URL with the pack `deals`:
what they find, and their exit codes. Needs psql where tables are changed behind the ledger's back."""

import json
import os
import shutil
import subprocess
import time
import unittest
import urllib.request

URL = os.environ.get("URL", "http://127.0.0.1:1")
PATIENCE_S = 40


def sealstream(*words):
    """(exit code, standard output, standard error)"""
    done = subprocess.run(["sealstream", *words], capture_output=True, text=True, check=False, timeout=90)
    return done.returncode, done.stdout, done.stderr


def node(*words):
    return sealstream("projection", *words, "--url", URL)


def sql(statement):
    subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", "-q", "-c", statement, os.environ["DATABASE"]], check=True)


def get(target):
    with urllib.request.urlopen(URL + target, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def append(note, event_type):
    request = urllib.request.Request(f"{URL}/v1/streams/note/{note}/events", method="POST",
                                     data=json.dumps({"type": event_type, "data": {"n": 1}}).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return int(json.load(answer)["events"][0]["position"])


class SnapshotCommands(unittest.TestCase):
    def setUp(self):
        """New events, folded, so that every test has a snapshot of its own."""
        for _ in range(3):
            self.head = append(f"test-{self._testMethodName[-12:]}", "Noted")
        deadline = time.monotonic() + PATIENCE_S
        while any(int(get(f"/v1/projections/{name}")["cursor"]) < self.head for name in ("deals", "event_index")):
            self.assertLess(time.monotonic(), deadline, "the tables follow the log")
            time.sleep(0.1)

    def replayed(self, code, *words):
        ended, out, err = sealstream("replay", "--projection", "deals", "--json", *words)
        self.assertEqual(ended, code, (words, out, err))
        return json.loads(out) if out else err

    def test_a_replay_is_equal_wherever_it_begins(self):
        self.assertEqual(node("snapshot", "deals")[0], 0)
        newest = get("/v1/projections/deals/snapshots")["snapshots"][0]
        self.assertEqual(int(newest["position"]), self.head)
        later = append("test-later", "Noted")
        self.setUp()
        whole = self.replayed(0, "--from-snapshot", "none")
        self.assertEqual((whole["from"], whole["compared_with"], whole["is_equal"]), ("0", "live", True))
        begun = self.replayed(0)
        self.assertEqual((begun["from"], begun["is_equal"]), (newest["position"], True))
        self.assertEqual(begun["tables"], whole["tables"])
        self.assertEqual(begun["events"], self.head - later + 1)
        there = self.replayed(0, "--from-snapshot", "none", "--to", newest["position"])
        self.assertEqual((there["compared_with"], there["is_equal"]), ("snapshot", True))
        until = self.replayed(0, "--from-snapshot", "none", "--until", "2001-01-01T00:00:00Z")
        self.assertEqual((until["position"], until["compared_with"], until["is_equal"]), ("0", "none", None))

    def test_what_is_not_there_is_said(self):
        self.assertIn("no snapshot", self.replayed(3, "--from-snapshot", "1"))
        self.assertEqual(sealstream("replay", "--projection", "nobody")[0], 3)
        self.assertIn("beyond the end", self.replayed(7, "--to", "999999999"))
        self.assertIn("neither", self.replayed(7, "--to", "yesterday"))
        self.assertEqual(sealstream("projection", "restore")[0], 7)
        self.assertEqual(node("snapshot", "nobody")[0], 3)

    def test_all_read_models_are_restored_and_fold_on(self):
        code, out, err = sealstream("projection", "restore", "--at", str(self.head - 1), "--swap", "--json")
        self.assertEqual(code, 0, err)
        made = {row["projection"]: row for row in map(json.loads, out.splitlines())}
        self.assertEqual(set(made), {"deals", "event_index"})
        self.setUp()  # they follow the log again
        for name, row in made.items():
            active = [one for one in get(f"/v1/projections/{name}")["versions"] if one["state"] == "active"]
            self.assertEqual([one["version"] for one in active], [row["version"]])
        code, out, err = sealstream("replay", "--from-snapshot", "none", "--json")
        self.assertEqual(code, 0, (out, err))
        self.assertTrue(all(json.loads(line)["is_equal"] for line in out.splitlines()))

    def test_z_what_was_changed_is_found(self):
        if shutil.which("psql") is None:
            self.skipTest("MISSING psql")
        self.assertEqual(node("snapshot", "deals")[0], 0)
        newest = get("/v1/projections/deals/snapshots")["snapshots"][0]
        schema = f'"main_deals$s{newest["number"]}"'
        sql(f"UPDATE {schema}.gate SET type = type || 'X'")
        found = self.replayed(10)
        self.assertEqual(len(found["refused"]), 1)
        self.assertIn(f"snapshot {newest['number']} of deals at position {newest['position']}", found["refused"][0])
        self.assertTrue(found["is_equal"])
        code, out, _ = node("snapshots", "deals")
        self.assertEqual(code, 10)
        self.assertIn("REFUSED", out)
        self.assertEqual(get("/v1/projections/deals")["snapshots"]["refused"], 1)

        sql("UPDATE main_deals.gate SET type = type || 'X'")
        changed = self.replayed(10, "--from-snapshot", "none")
        self.assertEqual((changed["is_equal"], changed["different_tables"]), (False, ["gate"]))
        self.assertEqual(node("snapshot", "deals")[0], 7)  # not of such tables


if __name__ == "__main__":
    unittest.main()
