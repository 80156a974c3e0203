#!/usr/bin/env python3
"""Writes leaves.txt: leaves and commitments as docs/audit.md describes them, by other code than ours."""
import hashlib
import struct
import sys


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for code, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if value < limit:
            return bytes([major << 5 | code]) + struct.pack(form, value)
    raise ValueError(value)


def cbor(item):
    if isinstance(item, int):
        return head(0, item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    return head(4, len(item)) + b"".join(cbor(part) for part in item)


def sha(data):
    return hashlib.sha256(data).digest()


def commit(label, salt, content):
    return sha(label.encode() + b"\0" + salt + struct.pack(">Q", len(content)) + content)


salt = b"\7" * 32
incarnation = commit("sealstream/incarnation/v1", b"", b"2025-01-01T00:00:00Z")
stream = commit("sealstream/stream/v1", salt, b"deal/1")
record = commit("sealstream/record/v1", salt, b"{}")
vkey = "sealstream.example/audit/test+b1d73b92+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
time = 1_700_000_000_000_000_000

bodies = [
    (7, [vkey, "", b"\5" * 64, b""]),
    (1, [incarnation, 1, bytes(range(16)), stream, 1, time + 5, record]),
    (2, [incarnation, 1]),
    (3, [incarnation, 2, 300]),
    (4, [1, incarnation, 300, incarnation, 299, 299]),
    (11, [incarnation, 300, time, record]),
]
previous = bytes(32)
with open(sys.argv[1] if len(sys.argv) > 1 else "leaves.txt", "w", encoding="ascii") as out:
    out.write("# <leaf> <leaf hash>, hexadecimal; each leaf follows the one before. Made by generate.py.\n")
    for index, (kind, body) in enumerate(bodies):
        leaf = cbor([1, kind, index, previous, time + index * 1000, body])
        previous = sha(b"\0" + leaf)
        out.write(f"{leaf.hex()} {previous.hex()}\n")
print("record", record.hex(), "\nstream", stream.hex(), "\nincarnation", incarnation.hex())
