#!/usr/bin/env python3
"""Hostile values in every parameter of every query of every pack, and in the ledger's own search, at $URL: whatever is sent, the
answer is one that the API document knows, nothing changes, and nothing that was not asked for is shown.

What the routes and their parameters are is read from the API document that the node serves.
"""

import http.client
import json
import os
import unittest
import urllib.parse
import uuid

URL = urllib.parse.urlsplit(os.environ.get("URL", "http://127.0.0.1:1"))
PATIENCE_S = 60
PACKS = ["deals", "kernel", "ops", "registry"]
TEXTS = [
    "'", "'; DROP TABLE entity; --", "\\'; SELECT 1; --", "x' OR '1'='1", "') UNION SELECT 1 --", "1; SELECT pg_sleep(9)", "$1", "$$",
    ":state", '{"a"}', "NULL", "a,b", '"', "\\", "%", "_", "/* */", "\u202e", "\U0001f4a9", "\x01\x02", " ", "U&'\\0027'", "E'\\x27'",
    "{{", "{path.id}", "\n\r\t", "-1", "9223372036854775808", "1e999", "2025-12-24T10:00:00Z", str(uuid.UUID(int=0)), "!", "a & (",
    ":*", "\"unclosed", "-", "or",
]
BYTES = [b"a%00b", b"%ff", b"%ed%a0%80", b"%", b"%zz", b"", b"x" * 7000]  # as they stand in the URL
ALLOWED = {200, 304, 400, 404, 414}


class Node:
    def __init__(self):
        self.connection = None

    def ask(self, method, target, body=None):
        """Status and body. A connection that the node has closed is opened again."""
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(URL.hostname, URL.port, timeout=PATIENCE_S)
            try:
                self.connection.putrequest(method, target, skip_accept_encoding=True)
                if body is not None:
                    text = json.dumps(body).encode()
                    self.connection.putheader("content-type", "application/json")
                    self.connection.putheader("content-length", str(len(text)))
                self.connection.endheaders(text if body is not None else None)
                answer = self.connection.getresponse()
                data = answer.read()
                if answer.will_close:
                    self.connection = None
                return answer.status, json.loads(data) if data else None
            except (http.client.HTTPException, ConnectionError):
                self.connection = None
                if attempt == 2:
                    raise


NODE = Node()


def append(stream, kind, data):
    status, answer = NODE.ask("POST", f"/v1/streams/{stream}/events", {"type": kind, "data": data, "actor": "ada"})
    assert status == 201, answer
    return int(answer["events"][0]["position"])


def words_asked(words):
    """Positions of the events that have all of these words, once the index shows everything."""
    head = NODE.ask("GET", "/v1/events?direction=backward&limit=1")[1]["events"][0]["position"]
    status, page = NODE.ask("GET", f"/v1/events?q={urllib.parse.quote(words)}&limit=100&min-position={head}&wait=20")
    assert status == 200, page
    return [int(event["position"]) for event in page["events"]]


class InjectionTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.last = max(
            append("task/t-1", "task.created", {"title": "Water the plants", "project": "p-1"}),
            append(f"deal/{uuid.UUID(int=1)}", "ReviewOpened", {"reason": "Initial deal submission"}),
            append("ops/main", "ops.service", {"action": "started", "target": "nas", "data": {}, "result": "success", "error": None}),
            append(f"package/{uuid.UUID(int=2)}", "v1.package.created", {"name": "a%b_c", "version": "1"}))
        status, document = NODE.ask("GET", "/.well-known/openapi")
        assert status == 200
        cls.reads = [(path, one["get"]) for path, one in document["paths"].items() if path.startswith("/packs/") and "get" in one]

    def tables(self):
        """What all lists show."""
        shown = {}
        for target in ("kernel/entities/task", "kernel/dashboard", "deals/deals", "ops/events", "registry/packages"):
            status, shown[target] = NODE.ask("GET", f"/packs/{target}?min-position={self.last}&wait=20")
            self.assertEqual(status, 200, shown[target])
        return shown

    def answer(self, target):
        status, body = NODE.ask("GET", target)
        if status not in ALLOWED:
            self.fail(f"{status} for {target}: {body}")
        return status, body

    def test_no_value_of_a_query_parameter_does_more_than_it_says(self):
        self.assertEqual({path.split("/")[2] for path, _ in self.reads}, set(PACKS))
        before, asked = self.tables(), 0
        for path, operation in self.reads:
            names = [one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"]
            target = path
            for name in [one["name"] for one in operation.get("parameters", []) if one.get("in") == "path"]:
                target = target.replace("{" + name + "}", "t-1" if path.startswith("/packs/kernel/") and name == "id" else str(uuid.UUID(int=1)))
            for name in [one for one in names if one not in ("wait", "min-position")]:
                required = "".join(f"&{one['name']}=a" for one in operation.get("parameters", [])
                                   if one.get("in") == "query" and one.get("required") and one["name"] != name)
                wait = "&wait=0" if "wait" in names else ""
                for value in [urllib.parse.quote(text, safe="") for text in TEXTS] + [one.decode() for one in BYTES]:
                    status, body = self.answer(f"{target}?{name}={value}{required}{wait}")
                    asked += 1
                    if status == 400 and "parameter" in body:
                        self.assertEqual(body["parameter"], name)
                self.assertEqual(self.answer(f"{target}?{name}=a&{name}=b{required}{wait}")[0] in (200, 400, 404), True)
        print(f"{asked} requests")
        self.assertGreater(asked, 2000)
        self.assertEqual(self.tables(), before)

    def test_no_value_of_a_path_does_more_than_it_says(self):
        before = self.tables()
        for path, operation in self.reads:
            for name in [one["name"] for one in operation.get("parameters", []) if one.get("in") == "path"]:
                for value in [urllib.parse.quote(text, safe="") for text in TEXTS] + [one.decode() for one in BYTES if one]:
                    target = path.replace("{" + name + "}", value)
                    for other in [one["name"] for one in operation["parameters"] if one.get("in") == "path"]:
                        target = target.replace("{" + other + "}", "a")
                    self.answer(target)
        self.assertEqual(self.tables(), before)

    def test_wildcards_are_letters(self):
        for name, found in [("a%b_c", 1), ("a%", 0), ("a_b_c", 0), ("%", 0), ("aXbYc", 0)]:
            status, page = NODE.ask("GET", f"/packs/registry/packages?name={urllib.parse.quote(name)}&min-position={self.last}&wait=20")
            self.assertEqual((status, len(page["packages"])), (200, found), name)
        for q, found in [("plants", 1), ("plan", 0), ("pl%", 0), ("plant_", 0), ("plants -water", 0), ('"water the"', 1),
                         ("water or nothing", 1)]:
            status, page = NODE.ask("GET", f"/packs/kernel/search?q={urllib.parse.quote(q)}&min-position={self.last}&wait=20")
            self.assertEqual((status, len(page["found"])), (200, found), q)

    def test_the_event_index_is_searched_by_words(self):
        word = "w" + uuid.uuid4().hex
        one = append("note/1", "NoteTaken", {"text": f"Über den {word}, 50% off", "tags": ["red", "Green"]})
        other = append("note/2", "NoteTaken", {"nested": {"text": [f"{word} it's 12.5"]}, "quantity": 7})
        for words, positions in [
            (word, [one, other]), (word.upper(), [one, other]), (f"{word} red", [one]), (f"{word} green", [one]),
            (f"{word} über", [one]), (f"{word} 12", [other]), (f"{word} 7", [other]), (f"{word} 50%", [one]),
            (f"{word} blue", []), (word[:-1], []), (f"{word[:-1]}%", []), (f"{word[:-1]}_", []), (f"{word[:-1]}*", []),
            (f"{word} text", []), (f"{word}' OR '1'='1", []), (f"{word}\" it's", [other]), (f"{word},}}{{red", [one]),
        ]:
            with self.subTest(words):
                self.assertEqual(words_asked(words), positions)
        status, page = NODE.ask("GET", f"/v1/events?q={word}&stream=note/2")
        self.assertEqual((status, [event["position"] for event in page["events"]]), (200, [str(other)]))
        status, page = NODE.ask("GET", f"/v1/events?q={word}&direction=backward&limit=1")
        self.assertEqual((status, [event["position"] for event in page["events"]]), (200, [str(other)]))

    def test_a_search_takes_whatever_comes(self):
        for value in [urllib.parse.quote(text, safe="") for text in TEXTS] + [one.decode() for one in BYTES]:
            self.answer(f"/v1/events?q={value}&limit=1")
        for nothing in ("%", "';--", "()", "-"):
            status, _ = NODE.ask("GET", f"/v1/events?q={urllib.parse.quote(nothing)}")
            self.assertEqual(status, 400, f"{nothing} has no word, and must not find everything")
        self.assertEqual(NODE.ask("GET", "/v1/events?q=" + "+".join(map(str, range(100))))[0], 400)


if __name__ == "__main__":
    unittest.main(verbosity=2)
