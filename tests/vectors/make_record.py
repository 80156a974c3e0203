#!/usr/bin/env python3
"""Makes record/*.json: events, and the exact bytes of their records in both codecs.

    make_record.py FOLDER

Independent of the C++ code: its own canonical JSON, CBOR and BLAKE3 (make_blake3.py), hashes from hashlib.
Standard library only. The files are frozen: a change in them is a new record format. When python3-cbor2 is
installed, the CBOR is compared with it too.
"""

import base64
import datetime
import hashlib
import json
import math
import pathlib
import struct
import sys

from make_blake3 import blake3_of

EVENTS = {
    "example": {  # the worked example of docs/record.md
        "id": "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11",
        "type": "TokensTransferred",
        "stream": "account/4711",
        "version": 1,
        "source": "economy",
        "actor": "user:7",
        "time": 1766570400500000000,
        "data_source": '{"to": "account/12", "amount": 2.50}',
        "salt": bytes(range(32)),
        "prev_hash": bytes(32),
    },
    "minimal": {
        "id": "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11",
        "type": "TokensTransferred",
        "stream": "account/4711",
        "version": 1,
        "source": "economy-service",
        "data_source": "null",
        "salt": bytes(32),
    },
    "full": {
        "id": "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c12",
        "type": "v1.package.created",
        "stream": "package/did:web:example.com/π ≠ 3",
        "version": 9007199254740993,
        "source": "spiffe://example.org/registry",
        "actor": "user:\"Zoë\" \\ 😀",
        "key": "create/π/1",
        "time": 1766570400123456789,
        "data_source": ' { "name" : "pkg", "size": 1.50, "tags": [ "a", "\\u00e9" ] } ',
        "meta_source": '{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","correlation":"c"}',
        "salt": bytes(range(32)),
        "prev_hash": hashlib.sha256(b"before").digest(),
    },
    "numbers": {
        "id": "00000000-0000-0000-0000-000000000000",
        "type": "a",
        "stream": "n/0",
        "version": 2**63 - 1,
        "source": "s",
        "time": -1,
        "data_source": "[0,-0,-0.0,1,-1,23,24,-24,-25,255,256,65535,65536,4294967295,4294967296,9223372036854775807,"
                       "9223372036854775808,18446744073709551615,-9223372036854775808,1.0,1e2,0.5,-1.5,65504.5,0.1,"
                       "1e15,9007199254740991.0,9007199254740992.0,1e20,1e21,1e300,5e-324,5.960464477539063e-8,"
                       "6.103515625e-05,1e-6,1e-7,3.4028234663852886e38,1.7976931348623157e308,333333333.33333329]",
        "salt": bytes([0xFF] * 32),
    },
    "texts": {
        "id": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "type": "Z.z_9-" + "x" * 122,
        "stream": "t/" + "é" * 128,
        "version": 24,
        "source": "x" * 256,
        "data_source": r'{"\ud83d\ude00":1,"\ufb33":2,"\u20ac":3,"\r":4,"\u0080":5,"\u00f6":6,"1":7,"":8,"aa":9,"b":10,'
                       r'"controls":"\u0000\u0001\b\t\n\u000b\f\r\u001f\u007f","slash":"\/","quote":"\"\\",'
                       r'"last":"\uffff\udbff\udfff"}',
        "meta_source": "{}",
        "salt": bytes([0xA5] * 32),
        "prev_hash": bytes(32),
    },
    "nested": {
        "id": "01234567-89ab-cdef-0123-456789abcdef",
        "type": "Nested",
        "stream": "deep/1/2/3",
        "version": 256,
        "source": "s",
        "key": "k",
        "data_source": "[" * 30 + '{"z":[],"a":{},"m":[true,false,null,{"b":1,"a":"x"}]}' + "]" * 30,
        "meta_source": '{"long":"' + "n" * 300 + '"}',
        "salt": bytes(reversed(range(32))),
    },
}


def utf16(name):
    return name.encode("utf-16-be", "surrogatepass")


def number_text(value):
    """ECMAScript's form, but 2^53 and more with an exponent."""
    if value == math.trunc(value) and abs(value) < 2**53:
        return str(int(value))
    mantissa, exponent = f"{value!r}e0".split("e")[:2]
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent) - (len(whole + fraction) - len(digits))  # places before the point
    digits = digits.rstrip("0")
    if 1e-6 <= abs(value) < 2**53:
        if point <= 0:
            return sign + "0." + "0" * -point + digits
        return sign + digits[:point].ljust(point, "0") + ("." + digits[point:] if digits[point:] else "")
    shown = digits[0] + ("." + digits[1:] if digits[1:] else "")
    return f"{sign}{shown}e{point - 1:+d}"


def text_literal(text):
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(short.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in text) + '"'


def canonical(value):
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    members = sorted(value.items(), key=lambda member: utf16(member[0]))
    return "{" + ",".join(text_literal(name) + ":" + canonical(inner) for name, inner in members) + "}"


def head(major, argument):
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if argument < 24:
            return bytes([major << 5 | argument])
        if argument < 256 ** struct.calcsize(form):
            return bytes([major << 5 | info]) + struct.pack(form, argument)
    raise OverflowError(argument)


def cbor(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        if value == math.trunc(value) and abs(value) < 2**53:
            return cbor(int(value))
        for lead, form in ((b"\xf9", ">e"), (b"\xfa", ">f"), (b"\xfb", ">d")):
            try:
                packed = struct.pack(form, value)
            except OverflowError:
                continue
            if struct.unpack(form, packed)[0] == value:
                return lead + packed
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        encoded = value.encode()
        return head(3, len(encoded)) + encoded
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    members = sorted((cbor(key), cbor(inner)) for key, inner in value.items())
    return head(5, len(members)) + b"".join(key + inner for key, inner in members)


def sized(field):
    return struct.pack(">I", len(field)) + field


def chain_hash(event, data, meta):
    return hashlib.sha256(
        b"sealstream/stream-chain/v1\0" + event["prev_hash"] + struct.pack(">Q", event["version"])
        + sized(event["stream"].encode()) + sized(event["type"].encode()) + bytes.fromhex(event["id"].replace("-", ""))
        + sized(event["source"].encode()) + sized(event.get("actor", "").encode())
        + struct.pack(">q", event.get("time", -(2**63))) + sized(event.get("key", "").encode()) + event["salt"]
        + sized(data.encode()) + sized(meta.encode())).digest()


def rfc3339(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def make(event):
    data_value = json.loads(event["data_source"])
    meta_value = json.loads(event["meta_source"]) if "meta_source" in event else None
    data = canonical(data_value)
    meta = canonical(meta_value) if meta_value is not None else ""
    as_json = {"v": 1, "id": event["id"], "type": event["type"], "stream": event["stream"],
               "version": str(event["version"]), "source": event["source"], "data": data_value,
               "salt": base64.urlsafe_b64encode(event["salt"]).decode().rstrip("=")}
    as_cbor = {0: 1, 1: bytes.fromhex(event["id"].replace("-", "")), 2: event["type"], 3: event["stream"],
               4: event["version"], 5: event["source"], 8: data_value, 9: blake3_of(cbor(data_value)), 14: event["salt"]}
    for field, key in (("actor", 6), ("key", 11)):
        if field in event:
            as_json[field] = as_cbor[key] = event[field]
    if "time" in event:
        as_json["time"] = rfc3339(event["time"])
        as_cbor[7] = event["time"]
    if meta_value is not None:
        as_json["meta"] = as_cbor[10] = meta_value
    fields = {name: event[name] for name in event if name not in ("salt", "prev_hash")}
    fields["version"] = str(event["version"])
    fields["salt"] = event["salt"].hex()
    fields["data"] = data
    fields["meta"] = meta
    if "time" in event:
        fields["time"] = str(event["time"])
    if "prev_hash" in event:
        digest = chain_hash(event, data, meta)
        fields["prev_hash"], fields["hash"] = event["prev_hash"].hex(), digest.hex()
        as_json["prev_hash"], as_json["hash"] = event["prev_hash"].hex(), digest.hex()
        as_cbor[12], as_cbor[13] = event["prev_hash"], digest
    compare_with_cbor2(as_cbor)
    return {"fields": fields, "json_record": canonical(as_json).encode().hex(), "cbor_record": cbor(as_cbor).hex()}


def compare_with_cbor2(value):
    try:
        import cbor2
    except ImportError:
        return

    def settled(part):  # an integral float below 2^53 is an integer to us
        if isinstance(part, float) and part == math.trunc(part) and abs(part) < 2**53:
            return int(part)
        if isinstance(part, list):
            return [settled(inner) for inner in part]
        if isinstance(part, dict):
            return {key: settled(inner) for key, inner in part.items()}
        return part

    assert cbor2.dumps(settled(value), canonical=True) == cbor(value), "cbor2 disagrees"


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for name, event in EVENTS.items():
        (folder / f"{name}.json").write_text(json.dumps(make(event), indent=1) + "\n")
