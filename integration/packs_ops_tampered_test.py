#!/usr/bin/env python3
"""The pack `ops` on one database, at the root of the ledger at $URL: /verify names the event whose record was changed behind
the ledger's back, with the hash that its content has and the one that it says to have. Needs psql."""

import json
import os
import shutil
import subprocess
import unittest
import urllib.request

URL = os.environ.get("URL", "http://127.0.0.1:1")
PATIENCE_S = 30


def post(target, body=None):
    request = urllib.request.Request(URL + target, method="POST")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def shown(event):
    target = f"{URL}/events?min-position=1&wait=20&action={event['action']}"
    for _ in range(200):
        with urllib.request.urlopen(target, timeout=PATIENCE_S) as answer:
            if json.load(answer)["count"] == 1:
                return True
    return False


class TamperedTest(unittest.TestCase):
    def test_a_changed_record_breaks_the_chain_at_its_event(self):
        if shutil.which("psql") is None:
            self.skipTest("MISSING psql")
        valid = {"status": "valid", "message": "Chain integrity verified"}
        self.assertEqual(post("/verify"), valid, "a store without events")
        events = [post("/events", {"category": "ai", "action": f"truth{number}"}) for number in range(3)]
        self.assertTrue(shown(events[-1]))
        self.assertEqual(post("/verify"), valid)
        change = """
            ALTER TABLE sealstream.records DISABLE TRIGGER append_only;
            UPDATE sealstream.records
            SET record = convert_to(replace(convert_from(record, 'UTF8'), 'truth1', 'fraud1'), 'UTF8')
            WHERE id = '%s'""" % events[1]["id"]
        subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", "-q", "-c", change, os.environ["DATABASE"]], check=True)
        answer = post("/verify")
        self.assertEqual(list(answer), ["status", "error"])
        self.assertEqual(answer["status"], "invalid")
        self.assertRegex(answer["error"], f"^Chain broken at event {events[1]['id']}: expected [0-9a-f]{{64}}, got "
                                          f"{events[1]['hash']}$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
