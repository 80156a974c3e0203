#!/usr/bin/env python3
"""Payloads whose time is over are nowhere, and all proofs hold.

    retention_test.py [FLAGS of with_ledger…]

Starts a ledger of its own with the pack `ops`, whose shortest class keeps payloads for two seconds here, and two nodes.
A canary is appended in every way; then it must leave everything that can be asked, the dump of the database and the
files of the log. A marker that is kept for longer must stay in the same places, or the search is blind.
"""

import base64
import gzip
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

URLS = os.environ.get("URLS", "").split()
JSON = {"Content-Type": "application/json"}
PATIENCE_S = 120
CANARY = "canary" + secrets.token_hex(12)
MARKER = "marker" + secrets.token_hex(12)
FILES = pathlib.Path(os.environ.get("TMPDIR", "/nowhere")) / "segments"
ROOT = pathlib.Path(__file__).resolve().parent.parent


def exchange(method, target, body=None, headers=None, base=None):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request((base or URLS[0]) + target, data=data, headers={**JSON, **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read(), refused.headers


def ask(method, target, body=None, headers=None):
    status, answer, _ = exchange(method, target, body, headers)
    return status, json.loads(answer)


def head():
    return int(ask("GET", "/v1/events?limit=1&direction=backward")[1]["events"][0]["position"])


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE_S} s: {what()}" if callable(what) else f"not within {PATIENCE_S} s: {what}")
        time.sleep(0.2)


def feed(base):
    """The whole ledger over a feed, up to the head."""
    last = head()
    text = b""
    with urllib.request.urlopen(urllib.request.Request(f"{base}/v1/feed?after=0", headers={"Accept": "text/event-stream"}), timeout=60) as lines:
        for line in lines:
            text += line
            if line.startswith(b"id: ") and int(line[4:]) >= last:
                break
        text += lines.readline() + lines.readline()
    return text


def places():
    """Name and bytes of everything that is shown, kept for readers, or in the log's files."""
    ask("PUT", "/v1/groups/lookers", {"start": "0"})
    for base in URLS:
        for target in ("/v1/events?limit=1000", "/v1/events?limit=1000&direction=backward", "/v1/streams/ops/main/events?limit=1000",
                       "/v1/events?stream_type=ops&limit=1000", "/v1/events?format=cloudevents&limit=1000",
                       f"/v1/events?q={CANARY}", f"/v1/events?q={MARKER}", "/events?limit=1000"):
            yield f"{base} {target}", exchange("GET", target, base=base)[1]
        yield f"{base} lines", exchange("GET", "/v1/events", headers={"Accept": "application/x-ndjson"}, base=base)[1]
        yield f"{base} feed", feed(base)
    dump = subprocess.run(["pg_dump", "--no-owner", os.environ["DATABASE"]], capture_output=True, check=True)
    yield "dump of Postgres", dump.stdout
    export()
    for path in sorted(FILES.glob("events_*")):
        yield "file of segments", lines_of(path)
    for path in pathlib.Path(os.environ["TMPDIR"]).rglob("*.blk"):
        yield "file of NATS", path.read_bytes()


def export(*command):
    done = subprocess.run([*command, "sealstream", "export", "segments", "--dir", str(FILES), "--rotate-bytes", "700"], capture_output=True, text=True,
                          check=False)
    assert command or done.returncode == 0, done.stdout + done.stderr


def lines_of(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def words(text):
    return [text.encode(), base64.b64encode(text.encode()).rstrip(b"=")]


class RetentionTest(unittest.TestCase):
    maxDiff = None
    events = {}  # what was sent -> id

    def append_in_every_way(self, category, word):
        type = f"ops.{category}"
        data = {"action": "tested", "target": word, "data": {word: word}, "result": word, "error": word}
        body = {"category": category, **data}
        status, event = ask("POST", "/events", body)
        self.assertEqual(status, 201, event)
        self.assertEqual(event["target"], word)
        stream = "/v1/streams/ops/main/events"
        event = {"type": type, "data": data, "meta": {"target": word}}
        for target, sent, headers in [(stream, event, {}), (stream, [event, event], {}), ("/v1/events", [{**event, "stream": "ops/main"}], {}),
                                      (stream, {"specversion": "1.0", "id": "c-" + category, "source": "/s", "type": type, "data": data, "target": word},
                                       {"Content-Type": "application/cloudevents+json"})]:
            status, answer, _ = exchange("POST", target, sent, headers)
            self.assertEqual(status, 201, answer)
        keyed = {**event, "data": {**data, "action": "keyed"}}
        status, answer, _ = exchange("POST", stream, keyed, {"Idempotency-Key": "k-" + category})
        self.assertEqual(status, 201, answer)
        return keyed, json.loads(answer)

    def repeat(self, sent, category, status):
        code, answer, headers = exchange("POST", "/v1/streams/ops/main/events", sent, {"Idempotency-Key": "k-" + category}, URLS[-1])
        self.assertEqual(code, status, answer)
        return json.loads(answer), headers.get("Idempotency-Replayed")

    def with_canary(self):
        return sorted({name for name, content in places() if any(form in content for form in words(CANARY))})

    def expired(self):
        _, page = ask("GET", "/v1/events?type=retention.expired&limit=1000")
        return [event["data"]["key"] for event in page.get("events", [])]

    def test_what_is_over_is_nowhere_and_all_proofs_hold(self):
        marked, marked_place = self.append_in_every_way("system", MARKER)
        sent, placed = self.append_in_every_way("service", CANARY)
        other = {**marked, "data": {**marked["data"], "action": "other"}}
        self.assertEqual(self.repeat(marked, "system", 201), (marked_place, "true"))
        self.repeat(other, "system", 422)

        wait_for(lambda: not self.with_canary(), self.with_canary)
        keys = wait_for(self.expired, "the ledger says that a key is destroyed")
        self.assertTrue(all(key.startswith("ops.days_30/") for key in keys), keys)
        self.assertEqual(len(keys), len(set(keys)), "said once of each")

        with_marker = {name for name, content in places() if words(MARKER)[0] in content}
        for base in URLS:
            for target in ("/v1/events?limit=1000", "/v1/events?stream_type=ops&limit=1000", f"/v1/events?q={MARKER}", "/events?limit=1000",
                           "/v1/streams/ops/main/events?limit=1000"):
                self.assertIn(f"{base} {target}", with_marker)
            self.assertIn(f"{base} feed", with_marker)
        self.assertIn("dump of Postgres", with_marker)
        self.assertNotIn("file of NATS", with_marker, "the log has no payload in clear")
        self.assertIn("file of segments", with_marker)
        self.the_files_have_every_line_once()

        self.the_envelope_stays(placed, keys)
        self.assertEqual(self.repeat(sent, "service", 201), (placed, "true"))
        self.the_chain_and_all_proofs_hold(placed)
        self.what_is_rebuilt_is_the_same()
        self.assertEqual(self.with_canary(), [])

    def the_envelope_stays(self, placed, keys):
        id = placed["events"][0]["id"] if "events" in placed else placed["id"]
        status, event = ask("GET", f"/v1/events/{id}")
        self.assertEqual(status, 200, event)
        self.assertEqual((event["data"], event["expired"], event["type"], event["stream"]), (None, True, "ops.service", "ops/main"))
        self.assertNotIn("meta", event)
        _, in_log = ask("GET", f"/v1/events?after={int(event['position']) - 1}&limit=1")
        self.assertEqual((in_log["events"][0]["data"], in_log["events"][0]["expired"]), (None, True))
        self.assertRegex(in_log["events"][0]["hash"], "^[0-9a-f]{64}$")
        _, cloud, _ = exchange("GET", f"/v1/events/{id}?format=cloudevents")
        self.assertIs(json.loads(cloud)["sealexpired"], True)
        self.assertEqual(exchange("GET", f"/events/{id}")[0], 404)
        _, page = ask("GET", "/events?limit=1000")
        self.assertEqual({row["category"] for row in page["events"]}, {"system"})
        _, store = ask("GET", "/status")
        self.assertEqual(store["total_events"], len(page["events"]))
        self.assertTrue(store["chain_valid"])

    def the_files_have_every_line_once(self):
        for number in range(12):
            status, answer = ask("POST", "/events", {"category": "system", "action": f"number {number}"})
            self.assertEqual(status, 201, answer)
            export("timeout", "--signal=KILL", f"{0.02 * number}")  # killed wherever it is
        wait_for(lambda: ask("GET", "/events?limit=1")[1]["events"][0]["action"] == "number 11", "the tables")
        export()
        events = ask("GET", "/events?limit=1000")[1]["events"]
        names = sorted(path.name for path in FILES.glob("events_*"))
        for name in names:
            self.assertRegex(name, r"^events_\d{8}_\d{6}\.jsonl(\.gz)?$")
        self.assertGreater(len(names), 2)
        self.assertLessEqual(sum(not name.endswith(".gz") for name in names), 1, names)
        lines = [json.loads(line) for name in names for line in lines_of(FILES / name).splitlines()]
        by_id = lambda line: line["id"]
        self.assertEqual(sorted(lines, key=by_id), sorted(events, key=by_id))
        size = sum(path.stat().st_size for path in FILES.glob("events_*"))
        wait_for(lambda: ask("GET", "/status")[1]["total_size_bytes"] == size, lambda: (ask("GET", "/status"), size))
        self.assertEqual(ask("GET", "/status")[1]["file_count"], len(names))

    def the_chain_and_all_proofs_hold(self, placed):
        self.assertEqual(ask("POST", "/verify"), (200, {"status": "valid", "message": "Chain integrity verified"}))
        id = placed["events"][0]["id"] if "events" in placed else placed["id"]
        wait_for(lambda: exchange("GET", f"/v1/events/{id}/proof")[0] == 200, "the proof of an event that is forgotten")
        last = head()
        wait_for(lambda: exchange("GET", "/checkpoint")[0] == 200 and
                 int(exchange("GET", "/checkpoint")[1].split(b"\n")[1]) >= last, "the auditor")
        verified = subprocess.run(["sealstream", "verify", "--key", os.environ["VERIFIER_KEY"]], capture_output=True, text=True, check=False)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def what_is_rebuilt_is_the_same(self):
        for name in ("event_index", "ops"):
            status, answer, _ = exchange("POST", f"/v1/projections/{name}/rebuild", {"swap": "auto"})
            self.assertIn(status, (200, 202), answer)
            def stage(name=name):
                found = ask("GET", f"/v1/projections/{name}")[1]
                return found["rebuild"], [version["version"] for version in found["versions"] if version["state"] == "active"]
            wait_for(lambda: stage()[1] == [2], stage)
        # The command compares, too, with what it replaces.
        done = subprocess.run(["sealstream", "projection", "rebuild"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    if URLS:
        unittest.main(argv=sys.argv[:1], verbosity=2)
    with tempfile.TemporaryDirectory(prefix="sealstream-retention-") as folder:
        os.chmod(folder, 0o755)  # Postgres is another user
        pack = pathlib.Path(folder) / "packs" / "ops"
        shutil.copytree(ROOT / "config" / "packs" / "ops", pack)
        text = (pack / "pack.yaml").read_text(encoding="utf-8")
        assert "days_30: 30d" in text
        (pack / "pack.yaml").write_text(text.replace("days_30: 30d", "days_30: 2s"), encoding="utf-8")
        key = pathlib.Path(folder) / "wrapping.key"
        subprocess.run([os.environ["SEALSTREAM_BINARY"], "keys", "wrapping", "--out", key], check=True, stdout=subprocess.DEVNULL)
        settings = [f"packs.folder={pack.parent}", "packs.enabled=ops=/", f"retention.key_file={key}", "retention.poll_ms=200",
                    "retention.key_cache_ms=1000"]
        flags = [word for setting in settings for word in ("--set", setting)]
        environment = {**os.environ, "TMPDIR": folder, "SEALSTREAM_RETENTION__KEY_FILE": str(key), "SEALSTREAM_PACKS__FOLDER": str(pack.parent),
                       "SEALSTREAM_PACKS__ENABLED": "ops=/"}
        command = [os.environ["WITH_LEDGER"], "--nodes", "2", *flags, *sys.argv[1:], "--", sys.executable, "-B", os.path.abspath(__file__)]
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
