#!/usr/bin/env python3
"""The node at $URL and the CloudEvents SDK for Python, which we did not write, understand each other: what the SDK sends
in each mode, it reads back in each mode, equal.

Run by the system's Python, this runs itself again with the SDK's (peers/README.md).
"""

import json
import os
import pathlib
import sys
import unittest
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("URL", "")
STREAMS = "/v1/streams/order/%s/events"
OURS = ("stream", "sealposition", "sealversion", "sealtime")


def exchange(method, target, headers=None, body=None):
    """Status, headers in lower case, body."""
    request = urllib.request.Request(URL + target, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, {name.lower(): value for name, value in refused.headers.items()}, refused.read()


def main():
    from cloudevents.core.bindings import http
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent

    json_format = JSONFormat()

    def sample(data, **more):
        # The SDK wants the time as a datetime and gives it back as one.
        from datetime import datetime, timezone
        attributes = {"id": str(uuid.uuid4()), "source": "/shops/1?a=b", "type": "com.example.order.placed",
                      "specversion": "1.0", "subject": "Euro \u20ac \U0001f600 \"100%\"",
                      "time": datetime(2026, 1, 2, 3, 4, 5, 123000, tzinfo=timezone.utc),
                      "dataschema": "https://example.com/order.json", "traceparent": "00-0af7651916cd43dd-01",
                      "partitionkey": "p", **more}
        return CloudEvent(attributes=attributes, data=data)

    samples = {
        "JSON": lambda: sample({"b": [1, 2.5, None, True], "a": "\u20ac"}, datacontenttype="application/json"),
        "JSON of another name": lambda: sample({"a": 1}, datacontenttype="application/vnd.order+json"),
        "bytes": lambda: sample(bytes(range(256)), datacontenttype="application/octet-stream"),
        "another id": lambda: sample({"a": 1}, id="order 17 " + uuid.uuid4().hex, datacontenttype="application/json"),
    }

    class SdkTest(unittest.TestCase):
        def assert_equal_events(self, got, sent):
            attributes = {name: value for name, value in got.get_attributes().items() if name not in OURS}
            self.assertEqual(attributes, sent.get_attributes())
            self.assertEqual(got.get_data(), sent.get_data())

        def send(self, message, stream):
            status, _, body = exchange("POST", STREAMS % stream, message.headers, message.body)
            self.assertEqual(status, 201, body)
            return json.loads(body)["events"][0]

        def read(self, place, query):
            target = f"/v1/events/{place['id']}?min-position={place['position']}&{query}"
            status, headers, body = exchange("GET", target, {"Prefer": "wait=20"})
            self.assertEqual(status, 200, body)
            return http.HTTPMessage(headers=headers, body=body)

        def test_each_mode_in_is_read_in_each_mode_out(self):
            ways_in = {"binary": http.to_binary, "structured": http.to_structured}
            ways_out = {"format=cloudevents&mode=binary": http.from_binary,
                        "format=cloudevents&mode=structured": http.from_structured}
            for name, make in samples.items():
                for way_in, encode in ways_in.items():
                    for query, decode in ways_out.items():
                        with self.subTest(data=name, sent=way_in, read=query):
                            sent = make()
                            place = self.send(encode(sent, json_format), uuid.uuid4().hex)
                            got = decode(self.read(place, query), json_format)
                            self.assert_equal_events(got, sent)

        def test_a_batch_that_the_sdk_wrote_comes_back_as_a_batch(self):
            stream = uuid.uuid4().hex
            sent = [make() for make in samples.values()]
            batch = b"[" + b",".join(http.to_structured(event, json_format).body for event in sent) + b"]"
            status, _, body = exchange("POST", STREAMS % stream,
                                       {"Content-Type": "application/cloudevents-batch+json"}, batch)
            self.assertEqual(status, 201, body)
            status, headers, body = exchange("GET", STREAMS % stream,
                                             {"Accept": "application/cloudevents-batch+json"})
            self.assertEqual((status, headers["content-type"]), (200, "application/cloudevents-batch+json"))
            got = [http.from_structured(http.HTTPMessage({"content-type": "application/cloudevents+json"},
                                                         json.dumps(element).encode()), json_format)
                   for element in json.loads(body)]
            self.assertEqual(len(got), len(sent))
            for one, other in zip(got, sent):
                self.assert_equal_events(one, other)

        def test_lines_are_events_of_the_sdk(self):
            stream = uuid.uuid4().hex
            sent = sample({"a": 1}, datacontenttype="application/json")
            self.send(http.to_binary(sent, json_format), stream)
            status, _, body = exchange("GET", STREAMS % stream + "?format=cloudevents",
                                       {"Accept": "application/x-ndjson"})
            self.assertEqual(status, 200)
            line = body.splitlines()[0]
            got = http.from_structured(http.HTTPMessage({"content-type": "application/cloudevents+json"}, line),
                                       json_format)
            self.assert_equal_events(got, sent)

        def test_every_event_of_the_ledger_is_one_of_the_sdk(self):
            status, _, body = exchange("POST", STREAMS % "plain", {"Content-Type": "application/json"},
                                       b'{"type":"OrderPlaced","data":[1],"meta":{"a":{"b":1},"category":"c"}}')
            self.assertEqual(status, 201, body)
            place = json.loads(body)["events"][0]
            got = http.from_structured(self.read(place, "format=cloudevents"), json_format)
            self.assertEqual((got.get_type(), got.get_subject(), got.get_data()), ("OrderPlaced", "plain", [1]))
            self.assertEqual(got.get_extension("sealposition"), place["position"])
            self.assertEqual(json.loads(got.get_extension("sealmeta")), {"a": {"b": 1}})

        def test_sending_again_is_the_same_event(self):
            stream = uuid.uuid4().hex
            message = http.to_binary(samples["another id"](), json_format)
            self.assertEqual(self.send(message, stream), self.send(message, stream))

    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(SdkTest))
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    if "--with-sdk" in sys.argv:
        sys.exit(main())
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
    import peers
    try:
        peer = peers.need("cloudevents")
    except peers.Missing as missing:
        print(f"MISSING: cloudevents: {missing}")
        sys.exit(peers.EXIT_MISSING)
    os.execv(peer.python, [peer.python, "-B", __file__, "--with-sdk"])
