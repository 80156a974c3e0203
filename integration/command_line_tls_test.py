#!/usr/bin/env python3
"""`sealstream tail`, `append -` and `policy` at nodes that demand TLS and want to know who asks.

Two nodes on one ledger: one lets nobody in without a certificate, the other takes certificates and tokens. Certificates
and tokens are renewed under way, and what does not work is said with its place and its remedy.
"""

import base64
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from secure_servers import Authority, SecureServers, free_port, missing, openssl, wait_for

SETTINGS = """
access:
  loopback: authenticated
  spiffe_trust_domains: [example.org]
  spiffe_sources: ["spiffe://example.org/service/*=*"]
  rules:
    - source=boss roles=reader|writer|auditor|admin
    - source=reporter roles=reader
    - source=robot roles=reader|writer
    - source=clerk roles=writer streams=desk
"""
CLIENTS = ["boss", "reporter", "clerk"]
ISSUER = "https://id.example"


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Signer:
    """Signs tokens (RS256) and writes its key set to a file."""

    def __init__(self, folder):
        self.key = folder / "issuer.key"
        openssl("genrsa", "-out", self.key, 2048)
        modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().split("=")[1]
        key = {"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "e": "AQAB",
               "n": base64url(bytes.fromhex(modulus))}
        self.keys = folder / "keys.json"
        self.keys.write_text(json.dumps({"keys": [key]}))

    def token(self, subject, seconds=600):
        claims = {"iss": ISSUER, "aud": "sealstream", "sub": subject, "exp": int(time.time() + seconds)}
        head = {"alg": "RS256", "kid": "k1", "typ": "JWT"}
        text = ".".join(base64url(json.dumps(each).encode()) for each in (head, claims))
        return text + "." + base64url(openssl("dgst", "-sha256", "-sign", self.key, stdin=text.encode()))


class Gate:
    """Passes bytes on to a port, and can cut all connections."""

    def __init__(self, to):
        self.to, self.sockets = to, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.to))
            self.sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    @staticmethod
    def pump(one, other):
        try:
            while octets := one.recv(65536):
                other.sendall(octets)
        except OSError:
            pass
        for each in (one, other):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        cut, self.sockets = self.sockets, []
        for each in cut:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.cut()


class Follower:
    """`sealstream tail --follow`, whose events are read as they come."""

    def __init__(self, *words):
        self.process = subprocess.Popen([os.environ["SEALSTREAM_BINARY"], "tail", "--follow", *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events, self.said = [], []
        for stream, to in ((self.process.stdout, self.events), (self.process.stderr, self.said)):
            threading.Thread(target=self.read, args=(stream, to), daemon=True).start()

    @staticmethod
    def read(stream, to):
        for line in stream:
            to.append(line)

    def numbers(self):
        return [json.loads(line)["data"]["n"] for line in self.events]

    def wait_for(self, count):
        wait_for(lambda: len(self.events) >= count, lambda: f"{len(self.events)} of {count}: {self.said}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = servers = SecureServers(CLIENTS, SETTINGS)
        cls.addClassCleanup(servers.close)
        cls.at = servers.folder
        cls.strict = f"https://localhost:{servers.ports['http']}"
        cls.signer = Signer(cls.at)
        servers.ports["open"], servers.ports["open-admin"] = free_port(), free_port()
        servers.start("open", [
            os.environ["SEALSTREAM_BINARY"], "serve", "--config", cls.at / "sealstream.yaml", "--set", "roles=node",
            "--set", f"http.listen=127.0.0.1:{servers.ports['open']}", "--set",
            f"http.admin_listen=127.0.0.1:{servers.ports['open-admin']}", "--set", "http.tls.client_certificates=optional",
            "--set", f"tokens.issuers=issuer={ISSUER} audience=sealstream jwks={cls.signer.keys}", "--set", "tokens.skew_s=0"])
        cls.addClassCleanup(servers.stop, "open")
        cls.open = f"https://localhost:{servers.ports['open']}"
        wait_for(lambda: servers.get("boss", "/readyz", port="open-admin")[0] == 200, lambda: servers.last_words("open"))
        cls.ca = ["--ca", str(cls.at / "ca.pem")]

    def run_with(self, variables, *words, lines=""):
        done = subprocess.run([os.environ["SEALSTREAM_BINARY"], *words], input=lines, capture_output=True, text=True,
                              timeout=60, env={**os.environ, **variables})
        return done.returncode, done.stdout, done.stderr

    def expect(self, code, *words, variables=None, **more):
        ended, out, err = self.run_with(variables or {}, *words, **more)
        self.assertEqual(ended, code, (words, out, err))
        return out if code == 0 else err

    def as_client(self, name):
        return [*self.ca, "--cert", str(self.at / f"{name}.pem"), "--key", str(self.at / f"{name}.key")]

    def append(self, stream, number):
        self.expect(0, "append", "-", "--url", self.strict, *self.as_client("boss"), lines=json.dumps(
            {"stream": stream, "type": "Counted", "data": {"n": number}}) + "\n")

    def test_a_certificate_tells_who_asks(self):
        for url in (self.strict, self.open):
            lines = f'{{"stream":"cert/{url[-5:].strip(":")}","type":"Sent"}}\n' * 3
            self.expect(0, "append", "-", "--url", url, *self.as_client("boss"), lines=lines)
        events = self.expect(0, "tail", "--url", self.strict, *self.as_client("reporter"), "--stream-type", "cert")
        self.assertEqual([json.loads(line)["source"] for line in events.splitlines()], ["boss"] * 6)
        self.expect(0, "policy", "set", "Certified", "--source", "x", "--url", self.strict, *self.as_client("boss"))
        listed = self.expect(0, "policy", "list", "--json", "--url", self.strict, *self.as_client("boss"))
        self.assertIn("Certified", listed)

    def test_one_file_may_hold_certificate_and_key_and_the_environment_name_the_files(self):
        both = self.at / "both.pem"
        both.write_bytes((self.at / "boss.pem").read_bytes() + (self.at / "boss.key").read_bytes())
        variables = {"SEALSTREAM_URL": self.strict, "SEALSTREAM_CA": str(self.at / "ca.pem"), "SEALSTREAM_CERT": str(both)}
        self.expect(0, "policy", "list", variables=variables)

    def test_a_token_tells_who_asks(self):
        file = self.at / "robot.token"
        file.write_text(self.signer.token("robot") + "\n")
        lines = '{"stream":"token/1","type":"Sent"}\n'
        self.expect(0, "append", "-", "--url", self.open, *self.ca, "--token", str(file), lines=lines)
        self.expect(0, "append", "-", "--url", self.open, *self.ca, lines=lines,
                    variables={"SEALSTREAM_TOKEN": self.signer.token("robot")})
        self.expect(0, "append", "-", "--url", self.open, *self.ca, lines=lines,
                    variables={"SEALSTREAM_TOKEN_FILE": str(file)})
        events = self.expect(0, "tail", "--url", self.open, *self.ca, "--token", str(file), "--stream", "token/1")
        self.assertEqual([json.loads(line)["source"] for line in events.splitlines()], ["robot"] * 3)

    def test_a_node_that_is_not_trusted_is_asked_nothing(self):
        credentials = self.as_client("boss")[2:]
        said = self.expect(5, "policy", "list", "--url", self.open, *credentials)
        self.assertRegex(said, r"the certificate of https://localhost:\d+ is not trusted \(.*\); --ca FILE names")
        stranger = Authority(self.at, "stranger")
        said = self.expect(5, "tail", "--url", self.open, *credentials, "--ca", str(stranger.certificate))
        self.assertIn("stranger-ca.pem does not hold who signed it", said)
        self.expect(3, "tail", "--url", self.open, "--ca", "/nowhere.pem")
        self.expect(7, "tail", "--url", self.open, "--ca", str(self.at / "boss.key"))

    def test_who_is_not_known_is_told_how_to_say_it(self):
        said = self.expect(5, "tail", "--url", self.open, *self.ca)
        self.assertRegex(said, r"https://localhost:\d+: .*; --token FILE, or --cert and --key, say who asks")
        self.assertIn("--cert and --key name", self.expect(5, "tail", "--url", self.strict, *self.ca))
        bad = self.at / "bad.token"
        bad.write_text(self.signer.token("robot", -10))
        said = self.expect(5, "append", "-", "--url", self.open, *self.ca, "--token", str(bad), lines="{}\n")
        self.assertIn("the token comes from " + str(bad), said)
        self.assertNotIn(bad.read_text()[:20], said)
        stranger = Authority(self.at, "other")
        stranger.issue("false", "false", "URI:spiffe://example.org/service/boss")
        for url in (self.strict, self.open):
            self.assertIn("does it trust who signed", self.expect(5, "tail", "--url", url, *self.as_client("false")))

    def test_a_role_that_lacks_is_named(self):
        said = self.expect(5, "policy", "set", "T", "--nobody", "--url", self.strict, *self.as_client("reporter"))
        self.assertRegex(said, r"https://localhost:\d+: This needs the role admin\.")
        said = self.expect(5, "append", "-", "--url", self.strict, *self.as_client("reporter"), lines="{}\n")
        self.assertIn("This needs the role writer.", said)
        code, out, _ = self.run_with({}, "append", "-", "--url", self.strict, *self.as_client("clerk"), lines=(
            '{"stream":"desk/1","type":"T"}\n{"stream":"vault/1","type":"T"}\n'))
        first, second = map(json.loads, out.splitlines()[:2])
        self.assertEqual((code, first["status"], second["status"]), (7, 201, 403))
        self.assertEqual(second["detail"], "This needs the role writer for streams of the type vault.")

    def test_the_wrong_scheme_is_told_with_the_right_one(self):
        port = self.servers.ports["open"]
        said = self.expect(7, "tail", "--url", f"http://localhost:{port}")
        self.assertIn(f"http://localhost:{port} speaks TLS; use https://localhost:{port}", said)
        plain = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        plain.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=plain.serve_forever, daemon=True).start()
        self.addCleanup(plain.server_close)
        self.addCleanup(plain.shutdown)
        said = self.expect(7, "tail", "--url", f"https://localhost:{plain.server_port}", *self.ca)
        self.assertRegex(said, rf"does not speak TLS \(.*\); try http://localhost:{plain.server_port}")
        self.expect(6, "tail", "--tries", "0", "--url", "https://localhost:1", *self.ca)

    def test_a_follower_goes_on_from_its_cursor_when_all_certificates_are_new(self):
        gate = Gate(self.servers.ports["http"])
        self.addCleanup(gate.close)
        follower = Follower("--url", f"https://localhost:{gate.port}", *self.as_client("reporter"), "--stream", "count/1")
        self.addCleanup(follower.close)
        self.append("count/1", 0)
        self.append("count/1", 1)
        follower.wait_for(2)
        gate.cut()
        self.append("count/1", 2)
        follower.wait_for(3)

        old, new = self.servers.authority, Authority(self.at, "second")
        self.servers.trust(old, new)
        for node in ("node", "open"):
            self.servers.processes[node].send_signal(signal.SIGHUP)
        self.servers.issue_all(new)
        for node, port in (("node", "http"), ("open", "open")):
            self.servers.processes[node].send_signal(signal.SIGHUP)
            wait_for(lambda: self.served_by(port) == self.servers.serial("http.pem"), f"the new certificate of {node}")
        self.servers.trust(new)
        for node in ("node", "open"):
            self.servers.processes[node].send_signal(signal.SIGHUP)
        self.append("count/1", 3)  # the connection that is open goes on
        follower.wait_for(4)
        gate.cut()
        self.append("count/1", 4)
        follower.wait_for(5)
        self.assertEqual(follower.numbers(), [0, 1, 2, 3, 4])
        self.assertEqual(len([line for line in follower.said if "again in" in line]) >= 2, True, follower.said)

    def served_by(self, port):
        connection = self.servers.connect("boss", port)
        try:
            connection.connect()
            return connection.sock.getpeercert()["serialNumber"]
        except OSError:
            return None
        finally:
            connection.close()

    def test_a_follower_reads_a_token_that_was_renewed(self):
        file = self.at / "short.token"
        file.write_text(self.signer.token("robot", 3))
        follower = Follower("--url", self.open, *self.ca, "--token", str(file), "--stream", "count/2")
        self.addCleanup(follower.close)
        self.append("count/2", 0)
        follower.wait_for(1)
        wait_for(lambda: any("again in" in line for line in follower.said), lambda: "the end of the token")
        time.sleep(1)
        file.write_text(self.signer.token("robot"))
        self.append("count/2", 1)
        follower.wait_for(2)
        self.assertEqual(follower.numbers(), [0, 1])
        self.assertNotIn(file.read_text()[-40:], "".join(follower.said))

    def test_z_nothing_was_an_error(self):
        self.assertEqual(self.servers.error_lines(), [])


if __name__ == "__main__":
    lacking = missing()
    if lacking:
        print("SKIPPED: there is no " + ", ".join(lacking))
        sys.exit(77)
    unittest.main(verbosity=2)
