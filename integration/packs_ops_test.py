#!/usr/bin/env python3
"""The pack `ops`, at the root of the ledger at $URL: every request of an event store of operations, with its exact answer.

Also run: a client as it stands in that store's own manual, unchanged, which knows it as http://event-store:5101. A proxy in
this process is what leads that name to $URL.
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
import peers  # noqa: E402

URL = os.environ.get("URL", "http://127.0.0.1:1")
MEMBERS = ["id", "timestamp", "category", "action", "actor", "target", "data", "result", "error", "previous_hash", "hash"]
GENESIS = "0" * 64
PATIENCE_S = 30

CLIENT = '''
import httpx

async def log_event(action: str, actor: str, target: str, data: dict):
    async with httpx.AsyncClient() as client:
        response = await client.post(
            "http://event-store:5101/events",
            json={
                "category": "service",
                "action": action,
                "actor": actor,
                "target": target,
                "data": data,
                "result": "success"
            }
        )
        return response.json()
'''
CALL = '''
import asyncio, json
print(json.dumps(asyncio.run(log_event("container_started", "docker", "ollama", {"image": "ollama/ollama:latest"}))))
'''


def ask(method, target, body=None):
    request = urllib.request.Request(URL + target, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def append(**members):
    status, event = ask("POST", "/events", {"category": "service", "action": "tested", **members})
    assert status == 201, event
    return event


def read(target, is_enough):
    """The answer once it shows enough: tables follow the log."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        status, answer = ask("GET", target)
        if (status == 200 and is_enough(answer)) or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


def show(event):
    return read(f"/events/{event['id']}", lambda answer: answer.get("id") == event["id"])


class Proxy(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_POST(self):  # noqa: N802: the name that the library calls
        Proxy.seen.append(self.path)
        body = self.rfile.read(int(self.headers["content-length"]))
        path = self.path.removeprefix("http://event-store:5101")
        request = urllib.request.Request(URL + path, data=body, headers={"content-type": self.headers["content-type"]})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            text = answer.read()
            self.send_response(answer.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class OpsTest(unittest.TestCase):
    maxDiff = None

    def test_health(self):
        self.assertEqual(ask("GET", "/health"), (200, {"status": "healthy"}))

    def test_an_event_has_these_members_and_comes_back_the_same(self):
        sent = {"category": "service", "action": "container_started", "actor": "docker", "target": "ollama",
                "data": {"image": "ollama/ollama:latest"}, "result": "success"}
        event = append(**sent)
        self.assertEqual(list(event), MEMBERS)
        self.assertEqual({**event, **sent, "error": None}, event)
        self.assertRegex(event["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertRegex(event["hash"], "^[0-9a-f]{64}$")
        shown = show(event)
        self.assertEqual(list(shown), MEMBERS)
        # Postgres keeps microseconds, the log nanoseconds.
        self.assertEqual(shown["timestamp"][:23], event["timestamp"][:23])
        self.assertEqual({**shown, "timestamp": None}, {**event, "timestamp": None})

    def test_each_event_has_the_hash_of_the_one_before(self):
        for number in range(5):
            last = append(data={"number": number})
        show(last)
        _, page = ask("GET", "/events?limit=1000")
        self.assertIsNone(page["next"])
        before = GENESIS
        for event in reversed(page["events"]):
            self.assertEqual(list(event), MEMBERS)
            self.assertEqual(event["previous_hash"], before)
            before = event["hash"]

    def test_events_are_found(self):
        append(category="security", actor="found", target="vpn", action="login_failed", result="failure", error="no")
        last = append(category="user", actor="found", target="nas")
        show(last)
        for query, categories in [
            ("actor=found", ["user", "security"]), ("actor=found&category=security", ["security"]),
            ("actor=found&target=nas", ["user"]), ("actor=found&result=failure", ["security"]),
            ("action=login_failed&actor=found", ["security"]), ("actor=found&limit=1", ["user"]),
            ("actor=found&start_time=2025-12-24T00:00:00Z", ["user", "security"]),
            ("actor=found&start_time=2025-12-24T00:00:00Z&end_time=2025-12-24T23:59:59Z", []),
        ]:
            with self.subTest(query):
                _, page = ask("GET", "/events?" + query)
                self.assertEqual([event["category"] for event in page["events"]], categories)
        first = ask("GET", "/events?actor=found&limit=1")[1]
        second = ask("GET", f"/events?actor=found&limit=1&after={first['next']}")[1]
        self.assertEqual([event["category"] for event in second["events"]], ["security"])

    def test_what_does_not_fit_is_refused(self):
        for method, target, body, status in [
            ("POST", "/events", {"category": "kitchen", "action": "a"}, 422), ("POST", "/events", {"category": "ai"}, 422),
            ("POST", "/events", {"category": "ai", "action": "a", "data": [1]}, 422),
            ("POST", "/events", {"category": "ai", "action": "a", "hash": GENESIS}, 422),
            ("GET", "/events?category=kitchen", None, 400), ("GET", "/events?start_time=yesterday", None, 400),
            ("GET", "/events?limit=0", None, 400), ("GET", "/events?colour=red", None, 400),
            ("GET", "/events/abc123def456", None, 404), ("GET", "/verify", None, 405),
        ]:
            with self.subTest(f"{method} {target} {body}"):
                self.assertEqual(ask(method, target, body)[0], status)

    def test_the_chain_verifies(self):
        append()
        self.assertEqual(ask("POST", "/verify"), (200, {"status": "valid", "message": "Chain integrity verified"}))

    def test_status_tells_of_the_whole_chain(self):
        last = append()
        status = read("/status", lambda answer: answer["last_hash"] == last["hash"])
        _, page = ask("GET", "/events?limit=1000")
        times = [event["timestamp"] for event in page["events"]]
        size = status.pop("total_size_bytes")
        self.assertEqual(status, {"total_events": len(times), "chain_valid": True, "first_event_time": times[-1],
                                  "last_event_time": times[0], "last_hash": last["hash"], "file_count": 1})
        self.assertGreater(size, 200 * len(times))

    def test_the_client_of_the_manual_runs_unchanged(self):
        try:
            peer = peers.need("httpx")
        except peers.Missing as missing:
            self.skipTest(f"MISSING httpx: {missing}")
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        environment = {**os.environ, "HTTP_PROXY": f"http://127.0.0.1:{proxy.server_port}", "NO_PROXY": ""}
        done = subprocess.run([peer.python, "-c", CLIENT + CALL], env=environment, capture_output=True, text=True,
                              timeout=2 * PATIENCE_S)
        proxy.shutdown()
        proxy.server_close()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(Proxy.seen, ["http://event-store:5101/events"])
        event = json.loads(done.stdout)
        self.assertEqual([event[name] for name in ("category", "action", "actor", "target", "data", "result", "error")],
                         ["service", "container_started", "docker", "ollama", {"image": "ollama/ollama:latest"}, "success",
                          None])
        self.assertEqual({**show(event), "timestamp": None}, {**event, "timestamp": None})


if __name__ == "__main__":
    unittest.main(verbosity=2)
