#!/usr/bin/env python3
"""Secret fields never leave the node: canaries are appended in every way, and then looked for in everything.

Starts a ledger of its own below a temporary folder, so that the log's files, the audit stream, Postgres and what all
processes have written can be searched. A marker that is not secret must be found in the same places, or the search is
blind.
"""

import base64
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

URL = os.environ.get("URL", "")
JSON = "application/json"
CLOUDEVENT = "application/cloudevents+json"
MODES = ("remove", "mask", "digest")


def exchange(method, target, body=None, headers=None, base=None):
    request = urllib.request.Request((base or URL) + target, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


class CanaryTest(unittest.TestCase):
    canaries = []
    answers = []
    marker = "marker" + secrets.token_hex(12)

    def canary(self):
        self.canaries.append("canary" + secrets.token_hex(12))
        return self.canaries[-1]

    def post(self, target, body, content_type=JSON, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, answer = exchange("POST", target, data, {"Content-Type": content_type, **(headers or {})})
        self.answers.append(answer)
        return status

    def event(self, **more):
        return {"type": "v1.secret.set", "data": {
            "name": self.marker, "remove": self.canary(), "nested": [{"mask": self.canary()}],
            "digest": {"a": self.canary(), "b": [self.canary()]}}, "meta": {"token": self.canary()}, **more}

    def register(self):
        rules = ["/data/remove", {"pointer": "/data/nested/*/mask", "mode": "mask"},
                 {"pointer": "/data/digest", "mode": "digest"}, "/meta/token", "/meta/cloudevent/token"]
        body = {"schema": {"properties": {"name": {"type": "string", "maxLength": 100}, "remove": False}},
                "redact": rules}
        status, answer = exchange("PUT", "/v1/schemas/v1.secret.set", json.dumps(body).encode(), {"Content-Type": JSON})
        self.assertEqual(status, 201, answer)

    def append_in_every_way(self):
        vault = "/v1/streams/vault/1/events"
        own = {"stream": "vault/2"}
        lines = lambda *events: b"".join(json.dumps(event).encode() + b"\n" for event in events)
        self.assertEqual(self.post(vault, self.event()), 201)
        self.assertEqual(self.post(vault, [self.event(), self.event()]), 201)
        self.assertEqual(self.post(vault, self.event(), headers={"Idempotency-Key": "k"}), 201)
        self.assertEqual(self.post("/v1/events", [self.event(**own)]), 201)
        self.assertEqual(self.post("/v1/events?atomic=true", [self.event(**own), self.event(stream="vault/3")]), 201)
        self.assertEqual(self.post(vault, lines(self.event(), self.event()), "application/x-ndjson"), 200)
        self.assertEqual(self.post("/v1/events", lines(self.event(**own)), "application/x-ndjson"), 200)
        self.append_transactions()
        self.append_cloud_events(vault)

    def append_transactions(self):
        transaction = lambda *events: {"appends": [
            {"stream": f"vault/t{number}", "events": [event]} for number, event in enumerate(events)]}
        self.assertEqual(self.post("/v1/transactions", transaction(self.event(), self.event())), 201)
        keyed = transaction(self.event())
        for _ in range(2):  # the second is answered from the log
            self.assertEqual(self.post("/v1/transactions", keyed, headers={"Idempotency-Key": "t"}), 201)
        conflict = transaction(self.event())
        conflict["appends"][0]["expected"] = "99"
        self.assertEqual(self.post("/v1/transactions", conflict), 412)

    def append_cloud_events(self, vault):
        attributes = {"specversion": "1.0", "source": "/s", "type": "v1.secret.set"}
        structured = lambda number: {**attributes, "id": f"c{number}", "token": self.canary(), "data": self.event()["data"]}
        encoded = base64.b64encode(self.canary().encode()).decode()
        self.canaries.append(encoded.rstrip("="))
        headers = {f"ce-{name}": value for name, value in attributes.items()}
        self.assertEqual(self.post(vault, structured(1), CLOUDEVENT), 201)
        self.assertEqual(self.post(vault, [structured(2)], "application/cloudevents-batch+json"), 201)
        self.assertEqual(self.post(vault, {**attributes, "id": "c3", "data_base64": encoded}, CLOUDEVENT), 201)
        self.assertEqual(self.post(vault, json.dumps(self.event()["data"]).encode(), JSON, {**headers, "ce-id": "c4"}), 201)
        self.assertEqual(self.post(vault, self.canary().encode(), "text/plain", {**headers, "ce-id": "c5"}), 201)
        lines = b"".join(json.dumps(structured(number)).encode() + b"\n" for number in (6, 7))
        self.assertEqual(self.post(vault, lines, "application/x-ndjson"), 200)
        self.assertEqual(self.post("/v1/events", lines, "application/x-ndjson"), 200)

    def append_what_is_refused(self):
        vault = "/v1/streams/vault/9/events"
        bad = self.event()
        bad["data"]["name"] = "x" * 101
        self.assertEqual(self.post(vault, bad), 422)
        self.assertEqual(self.post("/v1/events", [{**bad, "stream": "vault/9"}]), 207)
        self.assertEqual(self.post("/v1/streams/sealstream-policy/x/events", self.event()), 403)
        appends = {"appends": [{"stream": "vault/9", "events": [self.event(), bad]}]}
        self.assertEqual(self.post("/v1/transactions", appends), 422)
        self.assertEqual(self.post("/v1/transactions", {**appends, "more": self.canary()}), 400)
        self.assertEqual(self.post(vault, json.dumps(bad).encode() + b"\n", "application/x-ndjson"), 200)
        whole = json.dumps(self.event()).encode()
        self.assertEqual(self.post(vault, whole[:-1]), 400)
        self.assertEqual(self.post(vault, whole[:-1] + b',"meta":1}'), 400)
        self.assertEqual(self.post(vault, {**self.event(), "time": self.canary()}), 400)
        self.assertEqual(self.post(vault, whole + b"\n{" + whole, "application/x-ndjson"), 200)
        self.assertEqual(self.post(vault, whole, "text/plain"), 415)
        self.assertEqual(self.post(vault, {"specversion": "1.0", "id": "1", "source": self.canary() + " x",
                                           "type": "T", "data": 1}, CLOUDEVENT), 400)

    def wait_until_everywhere(self):
        deadline = time.monotonic() + 60
        _, page = exchange("GET", "/v1/events?limit=1&direction=backward")
        head = int(json.loads(page)["events"][0]["position"])
        status = 0
        while status != 200 or int(note.split(b"\n")[1]) < head:
            self.assertLess(time.monotonic(), deadline, "the auditor has not come this far")
            time.sleep(0.2)
            status, note = exchange("GET", "/checkpoint")
        status, answer = exchange("GET", f"/v1/events?type=v1.secret.set&min-position={head}&limit=1", None,
                                  {"Prefer": "wait=30"})
        self.assertEqual(status, 200, answer)

    def places(self):
        """Name and bytes of everything that is kept or shown."""
        for target in ("/v1/events?limit=1000", "/v1/streams/vault/1/events", "/v1/events?type=v1.secret.set",
                       "/v1/events?format=cloudevents&limit=1000", "/v1/redactions", "/v1/schemas"):
            yield "GET " + target, exchange("GET", target)[1]
        yield "GET /metrics", exchange("GET", "/metrics", base=os.environ["ADMIN_URL"])[1]
        yield "answers", b"\n".join(self.answers)
        dump = subprocess.run(["pg_dump", "--no-owner", os.environ["DATABASE"]], capture_output=True, check=True)
        yield "dump of Postgres", dump.stdout
        for path in pathlib.Path(os.environ["TMPDIR"]).rglob("*"):
            if path.is_file() and not path.is_symlink():
                try:
                    yield "file " + str(path), path.read_bytes()
                except (PermissionError, FileNotFoundError):
                    continue

    def test_no_canary_is_found_anywhere(self):
        self.register()
        self.append_in_every_way()
        self.append_what_is_refused()
        self.wait_until_everywhere()
        time.sleep(1)  # for what is written after it has been answered: logs, the server's files

        found = []
        with_marker = set()
        count = 0
        for name, content in self.places():
            count += 1
            kind = "file " + ("of NATS" if name.endswith(".blk") else "of Postgres") if name.startswith("file") else name
            with_marker |= {kind} if self.marker.encode() in content else set()
            found += [f"{canary[:12]}… in {name}" for canary in self.canaries if canary.encode() in content]
        self.assertGreater(len(self.canaries), 60)
        self.assertGreater(count, 50)
        self.assertEqual(found, [])
        # The search can see: what is not secret is where it belongs.
        for kind in ("GET /v1/events?limit=1000", "dump of Postgres", "file of NATS", "file of Postgres"):
            self.assertIn(kind, with_marker)


if __name__ == "__main__":
    if "TMPDIR" in os.environ and URL:
        unittest.main()
    with tempfile.TemporaryDirectory(prefix="sealstream-canary-") as folder:
        os.chmod(folder, 0o755)  # Postgres is another user
        command = [os.environ["WITH_LEDGER"], "--", sys.executable, "-B", os.path.abspath(__file__)]
        sys.exit(subprocess.run(command, env={**os.environ, "TMPDIR": folder}, check=False).returncode)
