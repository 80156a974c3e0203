#!/usr/bin/env python3
"""Makes payload/*.json: events with their payloads in clear, and what their records say once they are encrypted.

    make_payload.py FOLDER

Independent of the C++ code: AES-256-GCM of the package python3-cryptography, HMAC of the standard library. The form is in
core/event/payload_cipher.hpp. Also makes payload/aes_gcm.json, texts of that package for keys, nonces and contexts of many sizes, and
checks the package with the vectors of McGrew and Viega for 256-bit keys. The files are frozen: a change in them is a new form.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import struct
import sys
import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PAYLOADS = {
    "plain": {"id": "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c11", "stream": "ops/main", "type": "ops.service", "data": '{"action":"container_started"}'},
    "with_meta": {"id": "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c12", "stream": "person/Zoë/1", "type": "v1.seen",
                  "data": '[1,"é",null]', "meta": '{"category":"user","target":"nas"}'},
    "empty": {"id": "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c13", "stream": "ops/main", "type": "ops.error", "data": "null"},
    "long": {"id": "0190d3f2-8c1e-7b60-a9d5-3f4f2b7a9c14", "stream": "ops/main", "type": "ops.ai",
             "data": json.dumps({"text": "forget me " * 500}, separators=(",", ":"))},
}
KEY_NAME = "ops.days_30/2026-11-30T10:00:00Z/2026-11-30T11:00:00Z"
SECRET = bytes(range(32))

# The Galois/Counter Mode of Operation, test cases 13 to 16: key, nonce, context, clear, cipher, tag.
PUBLISHED = [
    ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    ("00" * 32, "00" * 12, "", "00" * 16, "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
    ("feffe9928665731c6d6a8f9467308308" * 2, "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"),
    ("feffe9928665731c6d6a8f9467308308" * 2, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"),
]


def sized(text):
    data = text.encode()
    return struct.pack(">I", len(data)) + data


def keyed(label, message):
    return hmac.new(SECRET, label.encode() + b"\0" + message, hashlib.sha256).digest()


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def encrypted(event):
    context = sized(KEY_NAME) + uuid.UUID(event["id"]).bytes + sized(event["stream"]) + sized(event["type"])
    clear = '{"data":' + event["data"] + (',"meta":' + event["meta"] if "meta" in event else "") + "}"
    nonce = keyed("sealstream/payload-nonce/v1", context + clear.encode())[:12]
    text = AESGCM(keyed("sealstream/payload-key/v1", context)).encrypt(nonce, clear.encode(), context)
    form = {"$encrypted": {"cipher": "A256GCM", "key": KEY_NAME, "nonce": base64url(nonce), "text": base64url(text)}}
    return json.dumps(form, separators=(",", ":"))


def many_texts():
    for key, nonce, context, clear, cipher, tag in PUBLISHED:
        made = AESGCM(bytes.fromhex(key)).encrypt(bytes.fromhex(nonce), bytes.fromhex(clear), bytes.fromhex(context))
        assert made.hex() == cipher + tag, "the package contradicts the published vectors"
        yield {"key": key, "nonce": nonce, "context": context, "clear": clear, "text": cipher + tag}
    for size in [1, 15, 16, 17, 31, 32, 33, 255, 1000]:
        seed = hashlib.sha512(str(size).encode()).digest()
        key, nonce, context = seed[:32], seed[32:44], seed[44:44 + size % 20]
        clear = (seed * 20)[:size]
        made = AESGCM(key).encrypt(nonce, clear, context)
        yield {"key": key.hex(), "nonce": nonce.hex(), "context": context.hex(), "clear": clear.hex(), "text": made.hex()}


def main():
    folder = pathlib.Path(sys.argv[1]) / "payload"
    for name, event in PAYLOADS.items():
        vector = {**event, "key": KEY_NAME, "secret": SECRET.hex(), "encrypted": encrypted(event)}
        (folder / f"{name}.json").write_text(json.dumps(vector, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "aes_gcm.json").write_text(json.dumps(list(many_texts()), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
