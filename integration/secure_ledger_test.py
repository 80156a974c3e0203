#!/usr/bin/env python3
"""The real program with TLS everywhere: clients, operators, NATS and Postgres all show certificates.

Two ledgers in one process with the roles node, projector and auditor. Callers of one ledger get nothing of the other;
and all certificates, with their authority, are replaced while clients append, without a request being lost.
"""

import http.client
import json
import os
import signal
import sys
import threading
import time
import unittest
import uuid

from secure_servers import Authority, SecureServers, missing, wait_for

SETTINGS = """
other_ledgers: [ops]
ledgers:
  ops:
    auditor: {key_file: FOLDER/ops.key}
access:
  loopback: authenticated
  spiffe_trust_domains: [example.org]
  spiffe_sources: ["spiffe://example.org/service/*=*"]
  rules:
    - source=main-all roles=reader|writer|auditor|admin ledgers=main
    - source=ops-all roles=reader|writer|auditor|admin ledgers=ops
    - source=deals roles=reader|writer streams=deal ledgers=main
    - source=operator roles=auditor
"""
CLIENTS = ["operator", "main-all", "ops-all", "deals", "nobody"]
OPENED = {"type": "DealOpened", "data": {"value": 1}}


class Appender(threading.Thread):
    """Appends events with ids of its own, each until it is known to be in the log."""

    def __init__(self, servers, number):
        super().__init__()
        self.servers, self.number = servers, number
        self.acknowledged, self.unexpected = [], []
        self.unanswered = self.refused = 0
        self.is_ending = threading.Event()

    def run(self):
        connection, uses = None, 0
        while not self.is_ending.is_set():
            event = {"id": str(uuid.uuid4()), **OPENED}
            deadline = time.monotonic() + 60
            while True:
                if connection is None or uses >= 20:  # old connections and new ones
                    self.close(connection)
                    connection, uses = self.servers.connect("deals"), 0
                uses += 1
                status = self.append(connection, event)
                if status == 201:
                    self.acknowledged.append(event["id"])
                    break
                if status not in (None, 503) or time.monotonic() > deadline:
                    self.unexpected.append(status)
                    break
                if status is None:
                    self.unanswered += 1
                    self.close(connection)
                    connection = None
                else:
                    self.refused += 1
                time.sleep(0.05)
            time.sleep(0.002)
        self.close(connection)

    @staticmethod
    def close(connection):
        if connection is not None:
            connection.close()

    def append(self, connection, event):
        try:
            connection.request("POST", f"/v1/streams/deal/{self.number}/events", json.dumps(event),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException) as failed:
            self.last_failure = repr(failed)
            return None


class SecurityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = SecureServers(CLIENTS, SETTINGS)

    @classmethod
    def tearDownClass(cls):
        cls.servers.close()

    def ask(self, *arguments, **more):
        return self.servers.ask(*arguments, **more)

    def metrics(self, client="operator", target="/metrics"):
        status, page = self.servers.get(client, target, port="admin")
        self.assertEqual(status, 200, page)
        return dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))

    def verify(self, ledger="main"):
        done = self.servers.run("verify", "--json", "--ledger", ledger, "--key", self.servers.verifier_keys[ledger],
                                "--config", self.servers.folder / "sealstream.yaml")
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def wait_until_sealed(self, ledger="main"):
        def is_sealed():
            code, text = self.verify(ledger)
            self.assertIn(code, (0, 11), text)
            return code == 0 and json.loads(text.splitlines()[0] if "\n{" in text else text[:text.rindex("}") + 1]
                                            ).get("unsealed") in (0, "0")
        wait_for(is_sealed, "everything is sealed")

    def test_1_append_read_and_verify_over_tls(self):
        status, body = self.ask("main-all", "POST", "/v1/streams/deal/first/events", OPENED)
        self.assertEqual(status, 201, body)

        status, body = self.ask("deals", "GET", "/v1/events?stream_type=deal&min-position=1", None,
                                {"Prefer": "wait=30"})
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["events"][0]["source"], "main-all")
        self.wait_until_sealed()

        expiry = {name: float(value) for name, value in self.metrics().items()
                  if name.startswith("sealstream_certificate_expiry")}
        self.assertEqual({name.split('"')[1] for name in expiry}, {"http", "admin", "nats", "postgres"})
        for name, at in expiry.items():
            self.assertTrue(time.time() < at < time.time() + 86_400 + 60, name)

    def test_2_nobody_gets_in_without_a_certificate(self):
        self.assertEqual(self.ask(None, "GET", "/v1/limits")[0], 0)
        self.assertEqual(self.servers.get(None, "/metrics", port="admin")[0], 0)
        self.assertEqual(self.ask("nobody", "GET", "/v1/limits")[0], 200)
        for client, target, port in (("nobody", "/v1/events", "http"), ("nobody", "/metrics", "admin"),
                                     ("deals", "/metrics", "admin"), ("deals", "/v1/events", "http")):
            self.assertEqual(self.servers.get(client, target, port=port)[0], 403, (client, target))
        plain = http.client.HTTPConnection("localhost", self.servers.ports["http"], timeout=30)
        plain.request("GET", "/v1/limits")
        answer = plain.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["code"]), (400, "tls_required"))

    def test_3_callers_of_one_ledger_get_nothing_of_the_other(self):
        secrets, ids = {}, {}
        for client, base in (("main-all", ""), ("ops-all", "/ledgers/ops")):
            secret = f"secret-of-{client}"
            event = {"type": f"Secret.{client}", "data": {"text": secret}}
            status, body = self.ask(client, "POST", base + "/v1/streams/vault/1/events", event)
            self.assertEqual(status, 201, body)
            secrets[client], ids[client] = secret, json.loads(body)["events"][0]["id"]
        self.wait_until_sealed("ops")

        for client, theirs, owner in (("main-all", "/ledgers/ops", "ops-all"), ("ops-all", "", "main-all"),
                                      ("ops-all", "/ledgers/main", "main-all")):
            event = {"type": "X", "data": {}}
            requests = [
                ("POST", "/v1/streams/vault/1/events", event), ("POST", "/v1/events?atomic=true",
                                                               [{**event, "stream": "vault/1"}]),
                ("POST", "/v1/transactions", {"appends": [{"stream": "vault/1", "events": [event]}]}),
                ("GET", "/v1/events", None), ("GET", "/v1/events?stream_type=vault", None),
                ("GET", "/v1/events?type=Secret.*", None), ("GET", "/v1/streams/vault/1/events", None),
                ("GET", "/v1/feed", None), ("GET", "/v1/feed?stream=vault/1", None), ("GET", "/events?since=0", None),
                ("GET", "/ws/events", None), ("GET", "/api/v1/events?aggregate_id=1", None),
                ("GET", "/v1/streams/vault/1/verify", None), ("GET", "/v1/groups", None),
                ("PUT", "/v1/groups/mine", {}), ("POST", "/v1/groups/mine/claims", {}), ("GET", "/v1/policies", None),
                ("PUT", "/v1/policies/Secret", {"emit_from_registry": True}), ("GET", "/v1/schemas", None),
                ("POST", "/v1/policies/explain", {"type": "X"}), ("POST", "/v1/policies/dry-run", {}),
                ("PUT", "/v1/schemas/v1.x", {"schema": True}), ("GET", "/v1/rejections", None),
                ("GET", "/v1/redactions", None), ("GET", "/api/v1/admin/event-emission-policies", None)]
            for method, target, body in requests:
                status, answer = self.ask(client, method, theirs + target, body)
                self.assertEqual(status, 403, (client, method, theirs + target, answer))
                self.assertNotIn(secrets[owner], answer)
            for target in (f"/v1/events/{ids[owner]}", f"/v1/events/{ids[owner]}/proof"):
                status, answer = self.ask(client, "GET", theirs + target)
                self.assertEqual(status, 403, (client, target, answer))
                status, answer = self.ask(owner, "GET", theirs + target)  # so it is there
                self.assertEqual(status, 200, (owner, target, answer))

        # Its own ledger's events, whatever the path, and nothing else.
        for client, base, other in (("main-all", "", "ops-all"), ("ops-all", "/ledgers/ops", "main-all")):
            for target in ("/v1/events", "/v1/events?type=Secret.*"):
                status, answer = self.ask(client, "GET", base + target)
                self.assertEqual(status, 200, answer)
                self.assertIn(secrets[client], answer)
                self.assertNotIn(secrets[other], answer)
            self.assertEqual(self.ask(client, "GET", f"{base}/v1/events/{ids[other]}")[0], 404)
            feed = self.feed(client, base + "/v1/feed?after=0")
            self.assertIn(secrets[client], feed)
            self.assertNotIn(secrets[other], feed)

    def feed(self, client, target):
        """What a feed says until it has caught up."""
        connection = self.servers.connect(client)
        connection.request("GET", target)
        answer, text = connection.getresponse(), ""
        self.assertEqual(answer.status, 200)
        while "event: caught-up" not in text:
            text += answer.read1().decode()
        connection.close()
        return text

    def test_4_metrics_show_only_the_ledgers_that_one_may_see(self):
        of = lambda page, ledger: [name for name in page if f'ledger="{ledger}"' in name]
        everything = self.metrics()
        self.assertTrue(of(everything, "main") and of(everything, "ops"))
        of_main = self.metrics("main-all")
        self.assertTrue(of(of_main, "main"))
        self.assertEqual(of(of_main, "ops"), [])
        self.assertEqual(self.servers.get("ops-all", "/metrics", port="admin")[0], 403)
        self.assertEqual(of(self.metrics("ops-all", "/ledgers/ops/metrics"), "main"), [])

    def test_5_a_group_is_for_who_may_read_what_its_filter_names(self):
        claim = lambda client, group: self.ask(client, "POST", f"/v1/groups/{group}/claims", {"max_events": 100})
        filters = {"deals": {"stream_types": ["deal"]}, "both": {"stream_types": ["deal", "vault"]}, "every": {}}
        for group, wanted in filters.items():
            status, body = self.ask("main-all", "PUT", f"/v1/groups/{group}", {"filter": wanted})
            self.assertEqual(status, 201, body)
        self.assertEqual(self.ask("deals", "PUT", "/v1/groups/mine", {})[0], 403)
        self.assertEqual(self.ask("deals", "GET", "/v1/groups")[0], 403)

        for group in ("both", "every", "none"):
            for method, target, body in (("GET", "", None), ("POST", "/claims", {}), ("POST", "/claims/1/ack", {}),
                                         ("POST", "/claims/1/nack", {}), ("POST", "/claims/1/extend", {}),
                                         ("GET", "/parked", None)):
                status, answer = self.ask("deals", method, f"/v1/groups/{group}{target}", body)
                self.assertEqual(status, 403, (group, target, answer))
        status, body = claim("deals", "deals")
        self.assertEqual(status, 200, body)
        claimed = json.loads(body)
        self.assertEqual({event["event"]["stream"].split("/")[0] for event in claimed["events"]}, {"deal"})
        self.assertEqual(self.ask("deals", "POST", f"/v1/groups/deals/claims/{claimed['token']}/ack", {})[0], 200)
        self.assertEqual(self.ask("deals", "GET", "/v1/groups/deals")[0], 200)

        # Events of another type wait in the group when its filter becomes one that the caller may use.
        status, body = claim("main-all", "both")
        token = json.loads(body)["token"]
        self.assertIn("vault/1", body)
        self.assertEqual(self.ask("main-all", "POST", f"/v1/groups/both/claims/{token}/nack", {})[0], 200)
        status, body = self.ask("main-all", "PUT", "/v1/groups/both", {"filter": filters["deals"]})
        self.assertEqual(status, 200, body)
        status, body = claim("deals", "both")
        self.assertEqual(status, 403, body)
        self.assertNotIn("secret", body)
        self.assertEqual(claim("main-all", "both")[0], 200)

    def test_6_all_certificates_are_replaced_under_load(self):
        servers = self.servers
        before = {use: self.served_serial(use) for use in ("http", "admin")}
        appenders = [Appender(servers, number) for number in range(4)]
        progress = lambda: sum(len(one.acknowledged) for one in appenders)
        go_on = lambda: (lambda now: wait_for(lambda: progress() > now + 40, lambda: str(
            [(one.unexpected, one.unanswered, one.refused, vars(one).get("last_failure")) for one in appenders])
            + servers.last_words("node")))(progress())
        for one in appenders:
            one.start()
        try:
            go_on()
            # As in any exchange of authorities: first everybody trusts both, then the certificates change.
            old, new = servers.authority, Authority(servers.folder, "second")
            servers.trust(old, new)
            servers.processes["node"].send_signal(signal.SIGHUP)
            new.issue("probe", "probe", "URI:spiffe://example.org/service/probe")
            for use in before:
                wait_for(lambda: servers.get("probe", "/version" if use == "admin" else "/v1/limits", port=use)[0] == 200,
                         f"trust in the new authority: {use}")
            servers.issue_all(new)
            servers.processes["node"].send_signal(signal.SIGHUP)
            for use in before:
                wait_for(lambda: self.served_serial(use) == servers.serial("http.pem"), f"the new certificate: {use}")
                self.assertNotEqual(before[use], self.served_serial(use))
            go_on()
            self.assertEqual([one.unanswered + one.refused for one in appenders], [0] * 4)

            # From here on nobody believes the first authority; whoever connects must have read the new files.
            servers.trust(new)
            servers.stop("nats")
            servers.start_nats()
            go_on()
            servers.psql("SELECT pg_reload_conf()")
            time.sleep(0.5)
            self.assertIsNotNone(servers.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                              "WHERE usename = 'sealstream'"))
            go_on()
            servers.processes["node"].send_signal(signal.SIGHUP)
            go_on()
        finally:
            for one in appenders:
                one.is_ending.set()
            for one in appenders:
                one.join()

        self.assertEqual([one.unexpected for one in appenders], [[]] * 4)
        acknowledged = [event for one in appenders for event in one.acknowledged]
        self.wait_until_sealed()
        found, after = [], "0"
        while True:
            status, body = self.ask("main-all", "GET", f"/v1/events?after={after}&limit=1000")
            self.assertEqual(status, 200, body)
            events = json.loads(body)["events"]
            if not events:
                break
            found += [event["id"] for event in events]
            after = events[-1]["position"]
        self.assertEqual(len(found), len(set(found)))
        self.assertEqual(set(acknowledged) - set(found), set())
        # The index came through as well.
        status, body = self.ask("main-all", "GET", f"/v1/events?type=DealOpened&min-position={after}&limit=1", None,
                                {"Prefer": "wait=30"})
        self.assertEqual(status, 200, body)
        self.assertEqual(self.ask("main-all", "GET", f"/v1/events/{acknowledged[-1]}")[0], 200)
        print(f"\n{len(acknowledged)} events by 4 clients; {sum(one.unanswered for one in appenders)} connections cut, "
              f"{sum(one.refused for one in appenders)} answers 503")

    def served_serial(self, use):
        """Of the certificate that a new connection is shown."""
        connection = self.servers.connect("operator", use)
        connection.connect()
        serial = connection.sock.getpeercert()["serialNumber"]
        connection.close()
        return serial

    def test_7_nothing_was_an_error(self):
        self.assertEqual(self.servers.error_lines(), [])


if __name__ == "__main__":
    lacking = missing()
    if lacking:
        print("SKIPPED: there is no " + ", ".join(lacking))
        sys.exit(77)
    unittest.main(verbosity=2)
