#!/usr/bin/env python3
"""The pack `registry`, at the root of the CBOR ledger at $URL: its tables are views of the log, and the log is followed by
sequence number, with a long poll. Real input: the first packages of this machine's own package list, where it has one.
"""

import json
import os
import pathlib
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("URL", "http://127.0.0.1:1")
STATUS = pathlib.Path("/var/lib/dpkg/status")
PACKAGES_MAX = 400
PATIENCE_S = 30
ROW = ["sequence", "created_at", "event_type", "subject_kind", "subject_id", "actor", "payload", "payload_digest"]
NAMES = uuid.UUID("0195be01-d69d-7000-8000-000000000000")


def ask(method, target, body=None, kind="application/json"):
    request = urllib.request.Request(URL + target, method=method)
    if body is not None:
        request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.add_header("content-type", kind)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def append(stream, event_type, data, actor="ada"):
    status, answer = ask("POST", f"/v1/streams/{stream}/events", {"type": event_type, "data": data, "actor": actor})
    assert status == 201, answer
    return int(answer["events"][0]["position"])


def at(target, position):
    """The answer of tables that show this position."""
    joint = "&" if "?" in target else "?"
    status, answer = ask("GET", f"{target}{joint}min-position={position}&wait=20")
    assert status == 200, answer
    return answer


def rows(target):
    """All of /events behind 0, page by page."""
    since, found = 0, []
    while True:
        _, page = ask("GET", f"{target}since={since}&limit=500&wait=0")
        if not page["events"]:
            return found
        found += page["events"]
        since = found[-1]["sequence"]


class RegistryTest(unittest.TestCase):
    maxDiff = None

    def test_a_poll_ends_with_the_event_that_it_waits_for(self):
        head = append("system/registry", "v1.system.configured", {"setting": "a", "value": 1})
        at("/packages", head)
        answers = []
        poll = threading.Thread(target=lambda: answers.append(ask("GET", f"/events?since={head}")))
        poll.start()
        time.sleep(0.5)
        self.assertEqual(answers, [], "nothing has happened yet")
        began = time.monotonic()
        position = append("system/registry", "v1.system.configured", {"setting": "a", "value": 2}, actor="op")
        poll.join(PATIENCE_S)
        self.assertLess(time.monotonic() - began, 10)
        status, page = answers[0]
        self.assertEqual(status, 200, page)
        row = page["events"][0]
        self.assertEqual(list(row), ROW)
        self.assertEqual({**row, "created_at": "", "payload_digest": len(row["payload_digest"])},
                         {"sequence": position, "created_at": "", "event_type": "v1.system.configured",
                          "subject_kind": "system", "subject_id": None, "actor": "op",
                          "payload": {"setting": "a", "value": 2}, "payload_digest": 64})

    def test_the_digest_is_blake3_of_deterministic_cbor(self):
        # Of {"setting": "a"}: a1 67 73 65 74 74 69 6e 67 61 61.
        position = append("system/registry", "v1.system.configured", {"setting": "a"})
        at("/packages", position)
        _, page = ask("GET", f"/events?since={position - 1}&limit=1&wait=0")
        self.assertEqual([row["sequence"] for row in page["events"]], [position])
        self.assertEqual(page["events"][0]["payload_digest"],
                         "6a2ee50a74d326a06d45ed4e70cc7d8f8bce15c841d3c1aae491d33b8ce868e1")

    def test_pages_are_as_long_as_they_are_wished(self):
        position = 0
        for value in range(3):
            position = append("system/registry", "v1.system.configured", {"setting": "b", "value": value})
        at("/packages", position)
        _, page = ask("GET", f"/events?since={position - 3}&limit=2&wait=0")
        self.assertEqual([row["payload"]["value"] for row in page["events"]], [0, 1])
        began = time.monotonic()
        _, page = ask("GET", f"/events?since={position + 1000}&wait=0")
        self.assertEqual(page, {"events": []})
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(ask("GET", "/events?since=x")[0], 400)
        self.assertEqual(ask("GET", "/events?limit=1001&wait=0")[0], 400)

    def test_the_rows_of_the_log_are_gapless_and_audit_and_retention_are_parts_of_them(self):
        package = str(uuid.uuid4())
        append(f"package/{package}", "v1.package.created", {"name": "kept", "version": "1"}, actor="eve")
        append(f"retention/{package}", "v1.retention.set", {"policy": "r", "until": "2031-05-15T00:00:00Z"}, actor="eve")
        status, extended = ask("POST", f"/packages/{package}/retention", {"until": "2036-05-15T00:00:00Z"})
        self.assertEqual(status, 201, extended)
        position = append(f"retention/{package}", "v1.retention.held", {"reason": "case 17"}, actor="eve")
        at("/packages", position)
        found = rows("/events?")
        self.assertEqual([row["sequence"] for row in found], list(range(1, len(found) + 1)))
        _, retention = ask("GET", f"/retention_events?subject_id={package}&limit=1000")
        self.assertEqual([row["event_type"] for row in retention["retention_events"]],
                         ["v1.retention.set", "v1.retention.extended", "v1.retention.held"])
        _, far = ask("GET", f"/events?subject_id={package}&limit=1&wait=0")  # behind a page of other rows
        self.assertEqual([row["event_type"] for row in far["events"]], ["v1.package.created"])
        self.assertGreater(far["events"][0]["sequence"], 1)
        _, far = ask("GET", f"/events?subject_id={package}&subject_kind=retention&since={far['events'][0]['sequence']}&limit=2&wait=0")
        self.assertEqual([row["event_type"] for row in far["events"]], ["v1.retention.set", "v1.retention.extended"])
        _, audit = ask("GET", "/audit_events?actor=eve")
        self.assertEqual([row["event_type"] for row in audit["audit_events"]],
                         ["v1.package.created", "v1.retention.set", "v1.retention.held"])
        state = at("/retention_state?state=held", position)["retention_state"]
        self.assertEqual([(row["package_id"], row["policy"], row["keep_until"]) for row in state],
                         [(package, "r", "2036-05-15T00:00:00+00:00")])
        status, refused = ask("POST", f"/v1/streams/retention/{package}/events", {"type": "v1.retention.expired", "data": {}})
        self.assertEqual((status, refused["violations"][0]["code"]), (409, "held"))

    def test_packages_of_this_machine_are_views_of_their_events(self):
        if not STATUS.exists():
            self.skipTest("MISSING " + str(STATUS))
        lines, expected = [], {}
        for paragraph in STATUS.read_text(errors="replace").split("\n\n")[:PACKAGES_MAX]:
            fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if line[:1].strip() and ": " in line)
            if "Package" not in fields or "Version" not in fields:
                continue
            name = str(uuid.uuid5(NAMES, fields["Package"] + fields.get("Architecture", "")))
            metadata = {"section": fields.get("Section", ""), "description": fields.get("Description", "")}
            expected[name] = (fields["Package"], fields["Version"])
            lines.append({"stream": f"package/{name}", "type": "v1.package.created", "actor": "apt",
                          "data": {"name": fields["Package"], "version": fields["Version"], "format": "deb",
                                   "metadata": metadata}})
        position = 0
        for begin in range(0, len(lines), 100):
            status, answer = ask("POST", "/v1/events", lines[begin:begin + 100])
            self.assertIn(status, (200, 201), answer)
            results = answer.get("events") or answer.get("results")
            position = max(position, *(int(one["position"]) for one in results))
        found, after = {}, ""
        while after is not None:
            page = at("/packages?format=deb&limit=100" + after, position)
            found.update({row["id"]: (row["name"], row["version"]) for row in page["packages"]})
            after = None if page["next"] is None else "&after=" + page["next"]
        self.assertEqual(found, expected)
        words = at("/packages?q=" + next(iter(expected.values()))[0], position)["packages"]
        self.assertGreaterEqual(len(words), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
