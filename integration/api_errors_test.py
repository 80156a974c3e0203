#!/usr/bin/env python3
"""Each kind of bad request to the node at $URL gets the status that the OpenAPI document lists, as a problem (RFC 9457).

Raw bytes over a socket, because a client library would refuse to send most of them.
"""

import json
import os
import socket
import sys
import unittest
import urllib.parse

URL = urllib.parse.urlsplit(os.environ.get("URL", "http://127.0.0.1:1"))
STREAM = "/v1/streams/deal/1/events"
EVENT = b'{"type":"DealOpened"}'
JSON = "Content-Type: application/json\r\n"


def exchange(head, body=b""):
    """Status, fields and body of the answer to these bytes."""
    with socket.create_connection((URL.hostname, URL.port), timeout=20) as connection:
        connection.sendall(head.encode("latin-1") + body)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer) < size_of(answer):
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
    first, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines}
    return int(first.split()[1]), fields, answer.partition(b"\r\n\r\n")[2]


def size_of(answer):
    head, _, _ = answer.partition(b"\r\n\r\n")
    for line in head.decode().split("\r\n"):
        if line.lower().startswith("content-length:"):
            return len(head) + 4 + int(line.split(":")[1])
    return len(answer)


def request(method, target, fields="", body=b""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return exchange(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}{length}\r\n", body)


class ErrorsTest(unittest.TestCase):
    document = json.loads(request("GET", "/.well-known/openapi")[2]) if "URL" in os.environ else {}

    def expect(self, answer, status, code, operation=None):
        """The answer is this problem, and one that the operation (path pattern and method) lists."""
        got, fields, body = answer
        self.assertEqual((got, fields.get("content-type")), (status, "application/problem+json"), body)
        problem = json.loads(body)
        schema = self.document["components"]["schemas"]["Problem"]
        self.assertEqual([name for name in schema["required"] if name not in problem], [])
        self.assertEqual((problem["status"], problem["code"]), (status, code))
        self.assertEqual(problem["type"], f"urn:sealstream:problem:{code}")
        self.assertEqual(fields.get("cache-control"), "no-store")
        if operation:
            path, method = operation
            self.assertIn(str(status), self.document["paths"][path][method]["responses"])
        return fields

    append = ("/v1/streams/{type}/{id}/events", "post")
    read = ("/v1/streams/{type}/{id}/events", "get")

    def test_a_path_that_is_none_is_404(self):
        self.expect(request("GET", "/v1/nothing"), 404, "not_found")
        self.expect(request("GET", "/v1/streams/none/1/events"), 404, "not_found", self.read)

    def test_another_method_is_405_with_those_that_are_allowed(self):
        fields = self.expect(request("DELETE", STREAM), 405, "method_not_allowed")
        self.assertEqual(sorted(fields["allow"].split(", ")), ["GET", "HEAD", "POST"])
        self.expect(request("BREW", "/v1/limits"), 405, "method_not_allowed")

    def test_an_accept_that_fits_nothing_gets_the_default(self):
        status, fields, _ = request("GET", "/v1/limits", "Accept: text/csv\r\n")
        self.assertEqual((status, fields["content-type"]), (200, "application/json"))

    def test_a_body_beyond_the_limit_is_413_before_it_is_sent(self):
        for fields in (JSON + "Content-Length: 99999999\r\n", JSON + "Content-Length: 99999999\r\nExpect: 100-continue\r\n"):
            self.expect(request("POST", STREAM, fields), 413, "too_large", self.append)
        self.expect(request("GET", "/v1/limits", "", b"x"), 413, "too_large")

    def test_an_event_beyond_the_limit_is_413(self):
        large = b'{"type":"A","data":"' + b"x" * (1 << 20) + b'"}'
        self.expect(request("POST", STREAM, JSON, large), 413, "too_large", self.append)

    def test_a_target_beyond_the_limit_is_414(self):
        self.expect(request("GET", "/v1/events?q=" + "x" * 9000), 414, "uri_too_long", ("/v1/events", "get"))

    def test_another_content_type_is_415(self):
        self.expect(request("POST", STREAM, "Content-Type: text/csv\r\n", b"a,b"), 415, "unsupported_media_type", self.append)
        self.expect(request("POST", STREAM, "", EVENT), 415, "unsupported_media_type", self.append)

    def test_another_expectation_is_417(self):
        self.expect(request("POST", STREAM, JSON + "Expect: magic\r\n", EVENT), 417, "expectation_failed", self.append)

    def test_header_fields_beyond_the_limit_are_431(self):
        self.expect(request("GET", STREAM, f"X-Large: {'x' * 17000}\r\n"), 431, "header_too_large", self.read)

    def test_framing_that_others_could_read_differently_is_400(self):
        for fields in (
            JSON + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            JSON + "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Host: other\r\n",
            "No-Colon\r\n",
        ):
            with self.subTest(fields):
                status, answer, _ = request("POST", STREAM, fields)
                self.assertEqual((status, answer["content-type"]), (400, "application/problem+json"))

    def test_json_that_is_none_is_400_with_the_place(self):
        for body, code in ((b"{", "malformed"), (b'{"type":"A","type":"B"}', "duplicate_key"), (b'{"type":"\xff"}', "invalid_utf8"),
                           (b"[" * 100, "too_deep"), (b'{"type":"A","data":99999999999999999999}', "number_out_of_range")):
            with self.subTest(body):
                self.expect(request("POST", STREAM, JSON, body), 400, code, self.append)

    def test_parameters_that_are_none_are_400(self):
        for query in ("limit=0", "limit=x", "after=-1", "after=99999999999999999999", "nothing=1", "direction=up", "wait=9999", "after=%zz"):
            with self.subTest(query):
                answer = request("GET", "/v1/events?" + query)
                self.expect(answer, 400, "malformed", ("/v1/events", "get"))


if __name__ == "__main__":
    if "URL" not in os.environ:
        sys.exit("URL is not set: run it by ctest, or with_ledger -- python3 api_errors_test.py")
    unittest.main()
