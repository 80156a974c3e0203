#!/usr/bin/env python3
"""Every way to sign in to NATS, against a server that wants it: user and password, nkey, and credentials of an operator.

Each with its neighbour that must not get in. Keys and JWTs are made here, from the description of nkeys and of JWT v2.
"""

import base64
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

from secure_servers import SecureServers, missing, openssl, wait_for

PREFIXES = {"U": 20 << 3, "A": 0, "O": 14 << 3}
SEED = 18 << 3
RULES = """
access:
  spiffe_trust_domains: [example.org]
  spiffe_sources: ["spiffe://example.org/service/*=*"]
  rules: ["signed-in roles=reader|writer|auditor"]
"""


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc.to_bytes(2, "little")


def encode(data):
    return base64.b32encode(data + crc16(data)).decode().rstrip("=")


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Nkey:
    """An Ed25519 key as NATS writes it."""

    def __init__(self, kind, folder):
        raw = os.urandom(32)
        prefix = PREFIXES[kind]
        self.seed = encode(bytes([SEED | prefix >> 5, (prefix & 31) << 3]) + raw)
        der = bytes.fromhex("302e020100300506032b657004220420") + raw  # RFC 8410, 7
        self.key = folder / f"{kind}{raw[:4].hex()}.pem"
        openssl("pkey", "-inform", "DER", "-out", self.key, stdin=der)
        self.public = encode(bytes([prefix]) + openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-32:])

    def sign(self, issuer_claims):
        """A JWT of these claims, by this key."""
        header = base64url(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
        claims = {"jti": os.urandom(16).hex(), "iat": int(time.time()), "iss": self.public, **issuer_claims}
        text = header + "." + base64url(json.dumps(claims).encode())
        message = self.key.with_suffix(".message")
        message.write_text(text)
        return text + "." + base64url(openssl("pkeyutl", "-sign", "-rawin", "-in", message, "-inkey", self.key))


def account(key, name, has_streams):
    storage = -1 if has_streams else 0
    return {"sub": key.public, "name": name, "nats": {
        "type": "account", "version": 2, "default_permissions": {"pub": {}, "sub": {}},
        "limits": {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True, "conn": -1,
                   "leaf": -1, "mem_storage": storage, "disk_storage": storage, "streams": storage,
                   "consumer": storage}}}


def credentials(jwt, seed):
    return (f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n")


class NatsCredentialsTest(unittest.TestCase):
    def setUp(self):
        self.keys = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.keys.name)

    def tearDown(self):
        self.keys.cleanup()

    def check(self, access, settings, good, bad):
        """`good` and `bad` are what the file FOLDER/secret holds; only with the first may the node get in."""
        secret = self.folder / "secret"
        settings = settings.replace("SECRET", str(secret))
        secret.write_text(good)
        servers = SecureServers(["client"], RULES, settings, access)
        try:
            status, body = servers.ask("client", "POST", "/v1/streams/deal/1/events", {"type": "Opened", "data": {}})
            self.assertEqual(status, 201, body)
            servers.stop("nats")  # the file counts at every connection
            servers.start_nats()
            status, body = wait_for(lambda: (lambda answer: answer if answer[0] != 503 else None)(
                servers.ask("client", "POST", "/v1/streams/deal/1/events", {"type": "Opened", "data": {}})), "an answer")
            self.assertEqual(status, 201, body)
            self.assertEqual(servers.stop("node"), 0)
            self.assertEqual(servers.error_lines(), [])

            secret.write_text(bad)
            done = servers.run("serve", "--config", servers.folder / "sealstream.yaml")
            self.assertNotEqual(done.returncode, 0)
            shown = servers.run("config", "show", "--config", servers.folder / "sealstream.yaml")
            for text in (done.stdout + done.stderr, shown.stdout, servers.logs["node"].read_bytes()):
                for canary in (good, bad):
                    self.assertNotIn(canary.strip().splitlines()[-1 if "\n" not in canary.strip() else -2].encode(), text)
        finally:
            servers.close()

    def test_user_and_password(self):
        good, bad = os.urandom(12).hex(), os.urandom(12).hex()
        self.check(f'authorization {{ user: ledger, password: "{good}" }}',
                   "  user: ledger\n  password_file: SECRET", good + "\n", bad + "\n")

    def test_nkey(self):
        good, bad = Nkey("U", self.folder), Nkey("U", self.folder)
        self.check(f"authorization {{ users: [ {{ nkey: {good.public} }} ] }}",
                   f"  nkey: {good.public}\n  nkey_file: SECRET", good.seed + "\n", bad.seed + "\n")

    def test_credentials_of_an_operator(self):
        operator, stranger = Nkey("O", self.folder), Nkey("A", self.folder)
        system, ledger, user = Nkey("A", self.folder), Nkey("A", self.folder), Nkey("U", self.folder)
        preload = "".join(f"  {key.public}: {operator.sign(account(key, name, has_streams))}\n"
                          for key, name, has_streams in ((system, "SYS", False), (ledger, "LEDGER", True)))
        operator_jwt = operator.sign({"sub": operator.public, "name": "test", "nats": {"type": "operator", "version": 2}})
        access = (f"operator: {operator_jwt}\nsystem_account: {system.public}\nresolver: MEMORY\n"
                  f"resolver_preload: {{\n{preload}}}\n")
        claims = {"sub": user.public, "name": "node", "nats": {
            "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1}}
        self.check(access, "  credentials_file: SECRET", credentials(ledger.sign(claims), user.seed),
                   credentials(stranger.sign(claims), user.seed))


if __name__ == "__main__":
    lacking = missing()
    if lacking:
        print("SKIPPED: there is no " + ", ".join(lacking))
        sys.exit(77)
    unittest.main(verbosity=2)
