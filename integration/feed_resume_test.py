#!/usr/bin/env python3
"""Readers who disconnect at random and come back over another transport, at another node, see every event once.

    feed_resume_test.py     asks the nodes at $URLS; SEALSTREAM_TEST_SEED repeats a run

Standard library only. Two `sealstream append -` write while five readers follow.
"""

import base64
import http.client
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

EVENTS_OF_EACH = 2500
WRITERS = 2
TOTAL = EVENTS_OF_EACH * WRITERS
DEADLINE_SECONDS = 90
QUIET_SECONDS = 30

URLS = [urllib.parse.urlsplit(url) for url in os.environ["URLS"].split()]


class Broken(Exception):
    """The connection is gone: come back with the cursor."""


class Reader:
    """One consumer: a cursor, and what it has seen."""

    def __init__(self, number, seed, query):
        self.number = number
        self.random = random.Random(seed)
        self.query = query
        self.cursor = 0
        self.seen = []
        self.ways = {}
        self.fault = None

    def event(self, position):
        self.seen.append(position)
        self.cursor = position

    def mark(self, position):
        self.cursor = max(self.cursor, position)

    def run(self):
        deadline = time.monotonic() + DEADLINE_SECONDS
        ways = [read_sse, read_lines, read_socket, read_pages, read_tail]
        while self.cursor < TOTAL and time.monotonic() < deadline:
            way = self.random.choice(ways)
            self.ways[way.__name__] = self.ways.get(way.__name__, 0) + 1
            try:
                way(self, self.random.choice(URLS), self.random.randint(1, 900))
            except (Broken, OSError, http.client.HTTPException):
                pass
        if self.cursor < TOTAL:
            self.fault = f"only at position {self.cursor} of {TOTAL}"


def connected(url):
    return http.client.HTTPConnection(url.hostname, url.port, timeout=QUIET_SECONDS)


def feed_path(reader):
    return f"/v1/feed?after={reader.cursor}{reader.query}"


def lines_of(answer):
    while line := answer.readline():
        yield line.decode().rstrip("\n")
    raise Broken


def read_sse(reader, url, frames):
    connection = connected(url)
    connection.request("GET", "/v1/feed" + ("?" + reader.query[1:] if reader.query else ""),
                       headers={"Last-Event-ID": str(reader.cursor)})
    name, position, is_event = None, None, False
    for line in lines_of(connection.getresponse()):
        if line.startswith("id: "):
            position = int(line[4:])
        elif line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            is_event = "id" in json.loads(line[6:])
        elif line == "" and position is not None:
            reader.event(position) if name and is_event else reader.mark(position)
            name, position, is_event = None, None, False
            frames -= 1
            if frames == 0 or reader.cursor >= TOTAL:
                break
    connection.close()


def read_lines(reader, url, frames):
    connection = connected(url)
    connection.request("GET", feed_path(reader), headers={"Accept": "application/x-ndjson"})
    for line in lines_of(connection.getresponse()):
        take_frame(reader, json.loads(line))
        frames -= 1
        if frames == 0 or reader.cursor >= TOTAL:
            break
    connection.close()


def take_frame(reader, frame):
    if frame["type"] == "event":
        assert frame["event"]["position"] == frame["cursor"]
        reader.event(int(frame["cursor"]))
    else:
        reader.mark(int(frame["cursor"]))


def read_pages(reader, url, frames):
    connection = connected(url)
    for _ in range(frames // 100 + 1):
        connection.request("GET", f"/events?since={reader.cursor}&wait=1{reader.query}")
        page = json.load(connection.getresponse())
        for event in page["events"]:
            reader.event(int(event["position"]))
        reader.mark(int(page["next"]))
    connection.close()


def read_socket(reader, url, frames):
    credit = reader.random.randint(1, 200)
    with socket.create_connection((url.hostname, url.port), timeout=QUIET_SECONDS) as wire:
        key = base64.b64encode(reader.random.randbytes(16)).decode()
        wire.sendall((f"GET {feed_path(reader)}&credit={credit} HTTP/1.1\r\nHost: {url.netloc}\r\n"
                      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      f"Sec-WebSocket-Key: {key}\r\n\r\n").encode())
        stream = wire.makefile("rb")
        if b" 101 " not in stream.readline():
            raise Broken
        while stream.readline() not in (b"\r\n", b""):
            pass
        while frames > 0 and reader.cursor < TOTAL:
            head = exactly(stream, 2)
            size = head[1] & 0x7F
            size = struct.unpack(">H", exactly(stream, 2))[0] if size == 126 else size
            payload = exactly(stream, size)
            if head[0] & 0x0F == 8:
                raise Broken
            if head[0] & 0x0F == 1:
                take_frame(reader, json.loads(payload))
                frames -= 1
                say(wire, {"type": "ack", "cursor": str(reader.cursor)})


def exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise Broken
    return data


def say(wire, message):
    text = json.dumps(message).encode()
    mask = b"abcd"
    wire.sendall(bytes([0x81, 0x80 | len(text)]) + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(text)))


def read_tail(reader, url, frames):
    filters = []
    for name, value in urllib.parse.parse_qsl(reader.query):
        filters += [f"--{name.replace('_', '-')}", value]
    command = ["sealstream", "tail", "--url", f"http://{url.netloc}", "--after", str(reader.cursor), "--limit", str(frames),
               *filters]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tail:
        for line in tail.stdout:
            reader.event(int(json.loads(line)["position"]))
            if reader.random.random() < 0.002:
                tail.kill()
                break


def append(number, url, results):
    lines = "".join(json.dumps({"stream": f"deal/{event % 20}", "type": "Rare" if event % 250 == 0 else "Common",
                                "data": {"writer": number, "event": event}}) + "\n" for event in range(EVENTS_OF_EACH))
    with subprocess.Popen(["sealstream", "append", "-", "--url", f"http://{url.netloc}", "--results", "none"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        for at in range(0, len(lines), 20_000):  # slowly, so that readers are live for most of it
            writer.stdin.write(lines[at:at + 20_000])
            writer.stdin.flush()
            time.sleep(0.05)
        writer.stdin.close()
        results[number] = (json.loads(writer.stdout.read())["summary"], writer.wait())


def main():
    seed = int(os.environ.get("SEALSTREAM_TEST_SEED", random.randrange(1 << 32)))
    print(f"seed {seed} (repeat with SEALSTREAM_TEST_SEED)")
    queries = ["", "", "", "&type=Rare", "&stream=deal/7"]
    readers = [Reader(number, seed + number, query) for number, query in enumerate(queries)]
    results = {}
    threads = [threading.Thread(target=append, args=(number, URLS[number % len(URLS)], results)) for number in range(WRITERS)]
    threads += [threading.Thread(target=reader.run) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    faults = [f"writer {number}: {result}" for number, result in results.items()
              if result[1] != 0 or result[0]["appended"] != str(EVENTS_OF_EACH)]
    every = range(1, TOTAL + 1)
    for reader in readers:
        if reader.query == "":
            wanted = list(every)
        else:
            wanted = reader.seen if len(set(reader.seen)) == expected_count(reader.query) else []
            wanted = sorted(set(wanted))
        if reader.fault or reader.seen != wanted or not reader.seen:
            first = next((at for at, (seen, want) in enumerate(zip(reader.seen, wanted)) if seen != want), None)
            faults.append(f"reader {reader.number} {reader.query}: {reader.fault}; {len(reader.seen)} events, first odd one at {first}")
        print(f"reader {reader.number} {reader.query or 'everything'}: {len(reader.seen)} events over {reader.ways}")
    for fault in faults:
        print("FAULT:", fault)
    return 1 if faults else 0


def expected_count(query):
    of_each = [event for event in range(EVENTS_OF_EACH) if (event % 250 == 0 if "Rare" in query else event % 20 == 7)]
    return WRITERS * len(of_each)


if __name__ == "__main__":
    sys.exit(main())
