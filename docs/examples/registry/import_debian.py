#!/usr/bin/env python3
"""Brings the package index of a Debian release into a ledger with the pack `registry`.

    apt-cache dumpavail | import_debian.py URL [--max PACKAGES] [--connections N]

Each package becomes four events: it was created, its file was ingested, the file lies in the archive, and how long it is
kept. All ids follow from what they name, so an index can be brought in again: only what is new is appended. The events
go as one endless body of lines for each connection; the node appends while it reads, and tells what it refused.
"""

import argparse
import concurrent.futures
import http.client
import json
import sys
import time
import urllib.parse
import uuid

ARCHIVE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:debian:archive")
KEPT_UNTIL = {"required": "2036-01-01T00:00:00Z", "important": "2033-01-01T00:00:00Z"}  # by Priority
KEPT_ELSE = "2030-01-01T00:00:00Z"
METADATA = ["Architecture", "Section", "Priority", "Maintainer", "Source", "Homepage", "Depends", "Description"]
LINES_TOLD = 20
PIECE_BYTES = 60_000


def paragraphs(lines):
    """Of a control file: the fields of each, with continuation lines joined."""
    fields, name = {}, None
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if fields:
                yield fields
            fields, name = {}, None
        elif line[0] in " \t":
            fields[name] += "\n" + line[1:]
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    if fields:
        yield fields


def event(stream, kind, data):
    return {"stream": stream, "type": kind, "id": str(uuid.uuid5(ARCHIVE, f"{kind} {stream}")), "actor": "apt", "data": data}


def archive():
    return event(f"storage/{ARCHIVE}", "v1.storage.registered", {"kind": "archive", "uri": "urn:debian:archive"})


def events_of(fields):
    names = [fields[name] for name in ("Package", "Version", "Architecture")]
    package, file = uuid.uuid5(ARCHIVE, " ".join(names)), uuid.uuid5(ARCHIVE, fields["Filename"])
    metadata = {name.lower(): fields[name] for name in METADATA if name in fields}
    yield event(f"package/{package}", "v1.package.created",
                {"name": names[0], "version": names[1], "format": "deb", "metadata": metadata})
    yield event(f"file/{file}", "v1.file.ingested",
                {"package_id": str(package), "path": fields["Filename"], "size_bytes": int(fields["Size"]),
                 "digest": fields["SHA256"], "media_type": "application/vnd.debian.binary-package"})
    yield event(f"file/{file}", "v1.file.placed", {"storage_id": str(ARCHIVE), "key": fields["Filename"]})
    priority = fields.get("Priority", "optional")
    yield event(f"retention/{package}", "v1.retention.set",
                {"policy": priority, "until": KEPT_UNTIL.get(priority, KEPT_ELSE)})


def lines_of(packages):
    piece = b""
    for fields in packages:
        piece += "".join(json.dumps(one) + "\n" for one in events_of(fields)).encode()
        if len(piece) > PIECE_BYTES:
            yield piece
            piece = b""
    if piece:
        yield piece


def send(url, lines):
    """How many events were appended, were there already, and were refused; prints the first of those."""
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=600)
    connection.request("POST", "/v1/events?results=errors", body=lines, encode_chunked=True,
                       headers={"Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"})
    answer = connection.getresponse()
    if answer.status != 200:
        sys.exit(answer.read().decode())
    *refused, last = [json.loads(line) for line in answer]
    for one in refused[:LINES_TOLD]:
        print(json.dumps(one), file=sys.stderr)
    if not last["summary"]["is_complete"]:
        sys.exit("the node ended early; bring the index in again")
    return {name: int(last["summary"][name]) for name in ("appended", "repeated", "failed")}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("url")
    arguments.add_argument("--max", type=int, help="only so many packages")
    arguments.add_argument("--connections", type=int, default=2)
    wanted = arguments.parse_args()
    packages = [fields for fields in paragraphs(sys.stdin) if "Filename" in fields][:wanted.max]
    began = time.monotonic()
    send(wanted.url, [json.dumps(archive()).encode() + b"\n"])
    parts = [packages[number::wanted.connections] for number in range(wanted.connections)]
    with concurrent.futures.ThreadPoolExecutor(wanted.connections) as pool:
        summaries = list(pool.map(lambda part: send(wanted.url, lines_of(part)), parts))
    took = time.monotonic() - began
    appended, repeated, failed = (sum(one[name] for one in summaries) for name in ("appended", "repeated", "failed"))
    print(f"{len(packages)} packages: {appended} events appended in {took:.1f} s ({appended / took:.0f}/s), "
          f"{repeated} were there, {failed} refused")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
