#!/usr/bin/env python3
"""`sealstream policy …`, `append -` and `tail` at the node at $URL: what they print, and their exit codes."""

import json
import os
import subprocess
import sys
import time
import unittest
import urllib.parse

URL = os.environ["URL"]
NOWHERE = "http://127.0.0.1:1"


def sealstream(*words, lines="", url=URL):
    """(exit code, standard output, standard error)"""
    done = subprocess.run(["sealstream", *words], input=lines, capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, "SEALSTREAM_URL": url})
    return done.returncode, done.stdout, done.stderr


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


class Policies(unittest.TestCase):
    """Each test has event types of its own."""

    def expect(self, code, *words, **more):
        ended, out, err = sealstream("policy", *words, **more)
        self.assertEqual(ended, code, (words, out, err))
        return out if code in (0, 5, 12) else err

    def test_a_policy_is_made_shown_changed_and_removed(self):
        self.assertIn("--nobody", self.expect(7, "set", "Life"))  # of a new one: who?
        self.assertIn("has no emission policy", self.expect(3, "get", "Life"))
        self.expect(0, "set", "Life", "--source", "a*", "--source", "b", "--stream-type", "account")
        self.expect(0, "set", "Life", "--skip-in-projection")  # what is not named stays
        row = json.loads(self.expect(0, "get", "Life", "--json"))
        self.assertEqual((row["sources"], row["stream_types"], row["skip_in_projection"], row["version"]),
                         (["a*", "b"], ["account"], True, "2"))
        self.assertIn("a*, b", self.expect(0, "get", "Life"))
        self.assertIn(row, objects(self.expect(0, "list", "--json")))
        self.assertRegex(self.expect(0, "list"), r"Life +a\*, b +account +skip it +2 ")
        self.assertIn("--yes", self.expect(7, "remove", "Life"))
        self.assertIn("conflict", self.expect(4, "remove", "Life", "--yes", "--if-version", "1"))
        self.expect(0, "remove", "Life", "--yes", "--if-version", "2")
        self.expect(3, "get", "Life")

    def test_a_condition_that_does_not_hold_changes_nothing(self):
        self.expect(0, "set", "Raced", "--nobody", "--if-new")
        self.expect(0, "set", "Raced", "--source", "x", "--if-version", "1")
        self.assertIn("at version 2", self.expect(4, "set", "Raced", "--source", "y", "--if-version", "1"))
        self.expect(4, "set", "Raced", "--source", "y", "--if-new")
        self.expect(4, "set", "NotThere", "--nobody", "--if-version", "5")
        self.assertEqual(json.loads(self.expect(0, "get", "Raced", "--json"))["sources"], ["x"])

    def test_questions_are_answered_with_the_code_that_an_append_would_have(self):
        self.expect(0, "set", "Asked", "--source", "a*", "--stream-type", "account")
        self.assertTrue(self.expect(0, "explain", "Asked", "--source", "ab").startswith("ALLOWED: "))
        self.assertIn("may be emitted by a*, not by b", self.expect(5, "explain", "Asked", "--source", "b"))
        self.assertIn("REFUSED", self.expect(5, "explain", "Asked", "--source", "a", "--stream", "deal/1"))
        self.assertFalse(json.loads(self.expect(5, "explain", "Asked", "--source", "b", "--json"))["is_allowed"])

    def test_a_dry_run_finds_what_would_be_refused(self):
        self.assertEqual(sealstream("append", "-", lines='{"stream":"try/1","type":"Tried"}\n' * 3)[0], 0)
        self.assertIn("3 of ", self.expect(12, "dry-run", "Tried", "--nobody"))
        found = json.loads(self.expect(12, "dry-run", "Tried", "--nobody", "--json"))
        self.assertEqual(found["by_type"]["Tried"]["newly_refused"], 3)
        self.assertIn("0 of ", self.expect(0, "dry-run", "Tried", "--source", "*"))
        self.expect(0, "dry-run", "Tried", "--remove")
        self.expect(7, "dry-run", "Tried")
        self.expect(7, "dry-run")
        self.expect(3, "dry-run", "--file", "/nowhere/policies.json")
        self.expect(3, "get", "Tried")  # nothing was changed

    def test_rejections_are_listed_newest_first(self):
        self.expect(0, "set", "Kept", "--nobody")
        self.assertEqual(self.expect(0, "rejections", "--type", "Kept"), "Nothing was refused.\n")
        lines = "".join(f'{{"stream":"kept/{n}","type":"Kept"}}\n' for n in range(130))
        self.assertEqual(sealstream("append", "-", lines=lines)[0], 7)
        out = objects(self.expect(0, "rejections", "--type", "Kept", "--json", "--limit", "120"))  # two pages
        self.assertEqual(len(out), 120)
        numbers = [int(one["number"]) for one in out]
        self.assertEqual(numbers, sorted(set(numbers), reverse=True))
        self.assertIn("Kept by local into kept/", self.expect(0, "rejections", "--type", "Kept", "-n", "1"))

    def test_a_node_that_is_away_and_a_word_that_is_wrong_are_told_apart(self):
        self.assertIn("SEALSTREAM_URL", self.expect(6, "list", url=NOWHERE))
        self.expect(7, "get", "no/type")
        self.expect(7, "list", url="nonsense")
        self.expect(2, "set", "T", "--nobody", "--source", "x")
        self.assertIn("did you mean list?", self.expect(2, "lst"))


class Lines(unittest.TestCase):
    def test_a_wrong_line_is_named_by_its_number_and_what_is_wrong(self):
        code, out, _ = sealstream("append", "-", lines='{"stream":"l/1","type":"A"}\n\n\n{"type":"B"}\nnonsense\n')
        first, second, third, summary = objects(out)
        self.assertEqual((code, first["line"], first["status"]), (7, "1", 201))
        self.assertEqual((second["line"], second["pointer"], second["detail"]), ("4", "/stream", '"stream" is missing'))
        self.assertEqual((third["line"], third["detail"]), ("5", "not a JSON value"))
        self.assertEqual((summary["summary"]["lines"], summary["summary"]["failed"]), ("3", "2"))

    def test_line_numbers_go_on_over_requests_and_empty_lines(self):
        lines = "\n" * 700 + '{"stream":"l/2","type":"A"}\n' * 600 + "\n" * 600 + "{}\n"
        code, out, _ = sealstream("append", "-", "--results", "errors", lines=lines)
        bad, summary = objects(out)
        self.assertEqual((code, bad["line"], summary["summary"]["appended"]), (7, "1901", "600"))

    def test_cloudevents_go_from_tail_to_append(self):
        event = {"specversion": "1.0", "id": "order 7", "source": "/shop", "type": "order.placed", "subject": "order/7"}
        self.assertEqual(sealstream("append", "-", lines=json.dumps(event) + "\n")[0], 0)
        code, out, _ = sealstream("tail", "--cloudevents", "--stream", "order/7")
        self.assertEqual((code, objects(out)[0]["id"], objects(out)[0]["source"]), (0, "order 7", "/shop"))
        again = objects(sealstream("append", "-", lines=out)[1])
        self.assertEqual(again[1]["summary"]["repeated"], "1")

    def test_a_node_that_is_away_is_said_and_the_rest_is_not_called_appended(self):
        code, out, err = sealstream("append", "-", "--tries", "1", lines="{}\n", url=NOWHERE)
        self.assertEqual(code, 6)
        self.assertIn("no node answers at http://127.0.0.1:1", err)
        self.assertFalse(objects(out)[-1]["summary"]["is_complete"])
        self.assertEqual(sealstream("tail", "--tries", "0", url=NOWHERE)[0], 6)
        self.assertEqual(sealstream("tail", url=URL + "/ledgers/none")[0], 3)


class Serving(unittest.TestCase):
    """A node that can not listen says why, and ends at once."""

    def expect_refusal(self, text, *settings):
        words = [word for setting in ("roles=node", "http.admin_listen=127.0.0.1:0", *settings) for word in ("--set", setting)]
        begun = time.monotonic()
        code, out, err = sealstream("serve", *words)
        self.assertIn(text, err)
        self.assertNotIn(code, (0, None), (out, err))
        self.assertLess(time.monotonic() - begun, 14)  # what is left running is given 15 seconds

    def test_a_port_that_is_taken(self):
        self.expect_refusal("127.0.0.1", f"http.listen={urllib.parse.urlsplit(URL).netloc}")

    def test_everybody_without_a_way_to_know_who_they_are(self):
        self.expect_refusal("http.tls", "http.listen=0.0.0.0:0")


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False).result.wasSuccessful() else 1)
