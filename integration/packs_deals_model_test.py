#!/usr/bin/env python3
"""Random histories of deals, legal and illegal, over HTTP against all nodes of $URLS; the judge is deal_specification.py.

Each answer must be the specification's: accepted, or refused for exactly its reasons. Also while the projector of the pack
is held back by a lock on its table, so that guards look at rows that are old, and while many clients write to one deal. A
refusal says at which version of the deal it was spoken, so it can be judged also where clients race.

SEALSTREAM_TEST_SEED repeats a run, SEALSTREAM_MODEL_STEPS (400) makes it longer.
"""

import collections
import concurrent.futures
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

import deal_specification as deals

URLS = os.environ.get("URLS", "http://127.0.0.1:1").split()
DATABASE = os.environ.get("DATABASE", "")
SEED = int(os.environ.get("SEALSTREAM_TEST_SEED") or time.time_ns() % 2**32)
STEPS = int(os.environ.get("SEALSTREAM_MODEL_STEPS", "400"))
CLIENTS = 8
CONTENDED_DEALS = 3
OLD_EVENTS = 8  # how far behind clients are
PATIENCE_S = 60
LOCK = "LOCK TABLE main_deals.deal IN SHARE MODE"  # folds wait, guards read what there is
LOCK_S = (0.05, 0.4)  # how long at a time, and how long not


def try_once(url, method, target, event=None, key=None):
    """Status, headers, body."""
    request = urllib.request.Request(url + target, method=method)
    if event is not None:
        request.data = json.dumps(event).encode()
        request.add_header("content-type", "application/json")
        request.add_header("idempotency-key", key)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, json.load(refused)


def ask(url, method, target, event=None):
    """What may be sent again is, under the same key."""
    key = str(uuid.uuid4())
    deadline = time.monotonic() + PATIENCE_S
    while True:
        status, headers, answer = try_once(url, method, target, event, key)
        if status not in (429, 503) or time.monotonic() > deadline:
            return status, headers, answer
        time.sleep(0.02)


def read(url, target, position):
    status, _, answer = ask(url, "GET", f"{target}?min-position={position}&wait=20")
    assert status == 200, answer
    return answer


def event_of(envelope):
    return {name: envelope[name] for name in ("type", "actorId", "payload", "authorityContext", "evidenceRefs")}


def history_of(url, deal, position):
    """Of a deal, from the read model, in its order."""
    events, after = [], ""
    while after is not None:
        page = read(url, f"/deals/{deal}/events", f"{position}&limit=100{after}")
        events += page["events"]
        after = None if page["next"] is None else "&after=" + page["next"]
    assert [one["sequenceNumber"] for one in events] == list(range(1, len(events) + 1))
    return [event_of(one) for one in events]


class HeldProjector:
    """Folds of the pack wait, now and then or until release()."""

    def __init__(self, dice=None):
        self.script = script = tempfile.TemporaryFile("w+")  # a pipe would be full before psql is through
        if dice is None:
            script.write(f"BEGIN; {LOCK}; SELECT 'held'; SELECT pg_sleep({PATIENCE_S});")
        for _ in range(10_000 if dice is not None else 0):
            script.write(f"BEGIN; {LOCK}; SELECT pg_sleep({dice.uniform(*LOCK_S)}); COMMIT;\n"
                         f"SELECT pg_sleep({dice.uniform(*LOCK_S)});\n")
        script.seek(0)
        output = subprocess.PIPE if dice is None else subprocess.DEVNULL
        self.psql = subprocess.Popen(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", DATABASE], stdin=script, stdout=output, stderr=subprocess.DEVNULL,
                                     text=True)
        if dice is None:
            assert self.psql.stdout.readline() == "held\n"

    def release(self):
        is_running = self.psql.poll() is None
        self.psql.send_signal(signal.SIGINT)  # cancels what it waits for, and ends
        self.psql.communicate(timeout=PATIENCE_S)
        self.script.close()
        assert is_running, "psql has ended by itself"


class DealsModelTest(unittest.TestCase):
    maxDiff = None

    def judge(self, history, event, status, answer):
        expected = deals.refusals_of(history, event)
        told = deals.told(answer["violations"]) if status == 409 else []
        self.assertIn(status, (201, 409), answer)
        self.assertEqual((status, told), (409 if expected else 201, expected), f"seed {SEED}: {event} after {history}")

    def walk(self, number):
        """One client with a deal of its own; then the next. What was accepted and refused."""
        dice = deals.generator(f"{SEED}-{number}")
        seen, history, deal = collections.Counter(), [], None
        for _ in range(STEPS // CLIENTS):
            if deal is None or dice.random() < 0.02:
                history, deal = [], str(uuid.UUID(int=dice.getrandbits(128), version=4))
            event = deals.next_event(history, dice)
            status, headers, answer = ask(dice.choice(URLS), "POST", f"/deals/{deal}/events", event)
            self.judge(history, event, status, answer)
            if status == 201:
                history.append(event)
                self.assertEqual(answer["sequenceNumber"], len(history))
                position = headers["Sealstream-Position"]
                summary = read(dice.choice(URLS), f"/deals/{deal}", position)
                self.assertEqual({name: summary[name] for name in deals.summary_of([])}, deals.summary_of(history))
                self.assertEqual(summary["id"], deal)
            seen[event["type"] if status == 201 else answer["violations"][0]["code"]] += 1
        return seen

    def test_each_step_of_a_random_history_is_judged_as_specified(self):
        print(f"seed {SEED}")
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            seen = sum(clients.map(self.walk, range(CLIENTS)), collections.Counter())
        print(dict(seen))
        self.assertGreater(seen["ReviewOpened"], 0)
        self.assertGreater(seen["illegal_transition"], 0)

    def race(self, number, known):
        """One of many clients at the same deals; what it was refused, and how often the tables were old."""
        dice = deals.generator(f"{SEED}-race-{number}")
        refused, behind, position = [], 0, 0
        for _ in range(STEPS // CLIENTS):
            deal = dice.choice(list(known))
            history = known[deal]  # about: others write too
            # What was right a moment ago: old rows allow it.
            event = deals.next_event(history[:max(0, len(history) - dice.randrange(OLD_EVENTS))], dice)
            status, headers, answer = ask(dice.choice(URLS), "POST", f"/deals/{deal}/events", event)
            self.assertIn(status, (201, 409), answer)
            if status == 409:
                refused.append((deal, int(answer["version"]), event, answer))
                continue
            known[deal].append(event)
            position = max(position, int(headers["Sealstream-Position"]))
            _, headers, _ = try_once(dice.choice(URLS), "GET", f"/deals/{deal}")
            behind += int(headers.get("Sealstream-Position") or 0) < position
        return refused, behind, position

    def test_old_tables_delay_and_never_mislead_while_clients_race(self):
        known = {str(uuid.uuid4()): [] for _ in range(CONTENDED_DEALS)}
        lag = HeldProjector(deals.generator(f"{SEED}-lag"))
        try:
            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
                raced = list(clients.map(lambda number: self.race(number, known), range(CLIENTS)))
        finally:
            lag.release()
        position = max(one[2] for one in raced)
        accepted = 0
        for deal in known:
            history = history_of(URLS[0], deal, position)
            for place, event in enumerate(history):
                self.assertEqual(deals.refusals_of(history[:place], event), [], f"seed {SEED}: {event} landed at {place + 1}")
            for refused, _, _ in raced:
                for one, version, event, answer in refused:
                    if one == deal:
                        self.judge(history[:version], event, 409, answer)
            accepted += len(history)
        refused, behind = sum(len(one[0]) for one in raced), sum(one[1] for one in raced)
        print(f"seed {SEED}: {accepted} accepted, {refused} refused, {behind} times the tables were behind")
        self.assertEqual(accepted + refused, STEPS // CLIENTS * CLIENTS)
        self.assertGreater(behind, 0)
        self.assertGreater(refused, 0)

    def test_rows_that_would_allow_it_allow_nothing_once_they_are_old(self):
        deal, gp, here, there = str(uuid.uuid4()), deals.ACTORS[0], URLS[0], URLS[-1]
        history = [deals.event("ReviewOpened", gp), deals.event("RoleGranted", None, {"actorId": gp, "role": "GP"}),
                   deals.event("OverrideAttested", gp, {"action": "APPROVE_DEAL", "reason": "Board resolution 12"})]
        for event in history:
            status, headers, answer = ask(here, "POST", f"/deals/{deal}/events", event)
            self.assertEqual(status, 201, answer)
        read(there, f"/deals/{deal}", headers["Sealstream-Position"])
        lag = HeldProjector()
        try:
            revoked = deals.event("RoleRevoked", None, {"actorId": gp, "role": "GP"})
            self.assertEqual(try_once(here, "POST", f"/deals/{deal}/events", revoked, "revoked")[0], 201)
            _, _, old = try_once(there, "GET", f"/deals/{deal}")
            self.assertEqual(old["roles"], [{"actorId": gp, "role": "GP"}], "the tables still say so")
            approved = deals.event("DealApproved", gp)
            self.assertEqual(deals.refusals_of(history, approved), [], "and would allow it")
            for url in URLS:
                status, _, answer = try_once(url, "POST", f"/deals/{deal}/events", approved, "approved " + url)
                self.assertEqual((status, answer.get("code")), (503, "projection_behind"))
        finally:
            lag.release()
        for url in URLS:
            status, _, answer = ask(url, "POST", f"/deals/{deal}/events", approved)
            self.judge([*history, revoked], approved, status, answer)


if __name__ == "__main__":
    unittest.main(verbosity=2)
