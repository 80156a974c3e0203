#!/usr/bin/env python3
"""The pack `kernel`, at the root of the ledger at $URL, which is an enterprise one: every type of event, what each does to the
read models, every list with its filters, search, the dashboard; secrets; chains everywhere.
"""

import json
import os
import secrets
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ.get("URL", "http://127.0.0.1:1")
DATABASE = os.environ.get("DATABASE", "")
PATIENCE_S = 30

# One life of each kind of entity: its stream, what it goes through, the state after each step.
LIVES = {
    "workspace/w-1": [("workspace.created", {"name": "home"}, "open"), ("workspace.renamed", {"name": "lab"}, "open"),
                      ("workspace.configured", {"settings": {"theme": "dark"}}, "open"), ("workspace.archived", {}, "archived"),
                      ("workspace.restored", {}, "open"), ("workspace.deleted", {"reason": "moved"}, "deleted")],
    "project/p-1": [("project.created", {"name": "garden", "workspace": "w-1"}, "open"),
                    ("project.renamed", {"name": "orchard"}, "open"), ("project.configured", {"settings": {"a": 1}}, "open"),
                    ("project.archived", {}, "archived"), ("project.restored", {}, "open"), ("project.deleted", {}, "deleted")],
    "board/b-1": [("board.created", {"title": "Roadmap", "project": "p-1", "kind": "board"}, "open"),
                  ("board.changed", {"patch": [{"op": "add", "path": "/columns/0", "value": "Now"}]}, "open"),
                  ("board.item_added", {"item": "t-1", "column": "todo"}, "open"),
                  ("board.item_moved", {"item": "t-1", "x": 1.5, "y": 2}, "open"),
                  ("board.item_removed", {"item": "t-1"}, "open"), ("board.archived", {}, "archived")],
    "pipeline/r-1": [("pipeline.created", {"name": "release", "project": "p-1", "stages": ["build"]}, "planned"),
                     ("pipeline.started", {"trigger": "push"}, "running"),
                     ("pipeline.stage_started", {"stage": "build"}, "running"),
                     ("pipeline.stage_finished", {"stage": "build", "result": "passed"}, "running"),
                     ("pipeline.gate_opened", {"gate": "release", "reason": "needs a reviewer"}, "waiting"),
                     ("pipeline.gate_decided", {"gate": "release", "decision": "passed", "evaluation": "e-1"}, "running"),
                     ("pipeline.finished", {"result": "passed"}, "passed")],
    "session/s-1": [("session.spawned", {"title": "Fix the build", "agent": "coder", "project": "p-1"}, "running"),
                    ("session.attached", {"client": "laptop"}, "running"), ("session.attached", {"client": "phone"}, "running"),
                    ("session.detached", {"client": "phone"}, "running"), ("session.ended", {"result": "completed"}, "completed")],
    "session/s-2": [("session.forked", {"parent": "s-1", "at": "2", "title": "Another way", "project": "p-1"}, "running"),
                    ("session.ended", {"result": "failed", "error": "out of ideas"}, "failed")],
    "worktree/wt-1": [("worktree.created", {"path": "wt/fix", "branch": "fix", "base": "main", "project": "p-1"}, "open"),
                      ("worktree.committed", {"commit": "4b825dc6", "message": "Fix", "files": 2}, "open"),
                      ("worktree.conflicted", {"files": ["README.md"]}, "conflicted"), ("worktree.synced", {}, "open"),
                      ("worktree.merged", {"into": "main"}, "merged"), ("worktree.removed", {}, "removed")],
    "task/t-1": [("task.created", {"title": "Water the plants", "project": "p-1", "priority": "high", "labels": ["garden"]}, "open"),
                 ("task.updated", {"priority": "urgent"}, "open"), ("task.assigned", {"assignee": "ada"}, "open"),
                 ("task.started", {"session": "s-1"}, "in_progress"), ("task.blocked", {"reason": "no water"}, "blocked"),
                 ("task.unblocked", {}, "in_progress"), ("task.completed", {}, "done"), ("task.reopened", {}, "open"),
                 ("task.cancelled", {"reason": "it rains"}, "cancelled"), ("task.reopened", {}, "open"),
                 ("task.blocked", {"reason": "frost"}, "blocked")],
    "tool_call/c-1": [("tool.requested", {"tool": "shell", "session": "s-1", "task": "t-1", "arguments": {"command": "make"}},
                       "requested"), ("tool.approved", {"by": "ada"}, "approved"),
                      ("tool.completed", {"result": {"exit_code": 0}, "duration_ms": 1200}, "completed")],
    "tool_call/c-2": [("tool.requested", {"tool": "shell"}, "requested"), ("tool.denied", {"reason": "no"}, "denied")],
    "tool_call/c-3": [("tool.requested", {"tool": "browser"}, "requested"),
                      ("tool.failed", {"error": "no such page", "duration_ms": 3}, "failed")],
    "policy/no-prod-writes": [("policy.changed", {"policy": "no-prod-writes", "policy_version": "4"}, "active"),
                              ("policy.evaluated", {"policy": "no-prod-writes", "policy_version": "4", "subject": "tool_call/c-2",
                                                    "decision": "deny", "evaluation_ref": "eval/9f", "duration_ms": 4,
                                                    "evidence_refs": ["event/41"]}, "active"),
                              ("policy.evaluated", {"policy": "no-prod-writes", "subject": "tool_call/c-1",
                                                    "decision": "allow"}, "active")],
    "hook/pre_commit": [("hook.decided", {"hook": "pre_commit", "subject": "worktree/wt-1", "decision": "deny",
                                          "reason": "secrets in diff"}, None)],
    "secret/k-1": [("secret.created", {"name": "registry-token", "scope": "project/p-1", "fingerprint": "sha256:9f86d0"}, "active"),
                   ("secret.rotated", {"name": "registry-token"}, "active"),
                   ("secret.granted", {"name": "registry-token", "to": "session/s-1"}, "active"),
                   ("secret.revoked", {"name": "registry-token", "to": "session/s-1"}, "active"),
                   ("secret.deleted", {"name": "registry-token"}, "deleted")],
    "webhook/d-1": [("webhook.scheduled", {"url": "https://hooks.example/in", "event": "task.completed"}, "pending"),
                    ("webhook.attempted", {"attempt": 1, "status": 503, "duration_ms": 90}, "retrying"),
                    ("webhook.delivered", {"attempt": 2, "status": 204, "duration_ms": 40}, "delivered")],
    "webhook/d-2": [("webhook.scheduled", {"url": "https://hooks.example/gone", "event": "task.created"}, "pending"),
                    ("webhook.abandoned", {"attempts": 5, "error": "410 Gone"}, "abandoned")],
}
CATEGORIES = ["board", "hook", "pipeline", "policy", "project", "secret", "session", "task", "tool_call", "webhook",
              "workspace", "worktree"]

# A list, some of its filters, and the ids that they let through, the newest first.
LISTS = [
    ("sessions", "", ["s-2", "s-1"]), ("sessions", "state=failed", ["s-2"]), ("sessions", "agent=coder&project=p-1", ["s-1"]),
    ("sessions", "q=build", ["s-1"]), ("sessions", "project=p-9", []), ("sessions", "changed_to=2020-01-01T00:00:00Z", []),
    ("sessions", "changed_from=2020-01-01T00:00:00Z", ["s-2", "s-1"]),
    ("tasks", "state=blocked&priority=urgent&project=p-1&assignee=ada&label=garden&q=plants", ["t-1"]), ("tasks", "label=roof", []),
    ("pipelines", "state=passed&name=release&project=p-1&q=release", ["r-1"]), ("pipelines", "state=running", []),
    ("tool-calls", "", ["c-3", "c-2", "c-1"]), ("tool-calls", "tool=shell", ["c-2", "c-1"]),
    ("tool-calls", "state=completed&session=s-1&task=t-1", ["c-1"]), ("tool-calls", "q=page", ["c-3"]),
    ("webhook-deliveries", "", ["d-2", "d-1"]), ("webhook-deliveries", "state=delivered&event=task.completed", ["d-1"]),
    ("webhook-deliveries", "url=" + urllib.parse.quote("https://hooks.example/gone"), ["d-2"]),
    ("webhook-deliveries", "q=gone", ["d-2"]),
]


def ask(method, target, body=None):
    request = urllib.request.Request(URL + target, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def append(stream, kind, data, actor="ada"):
    status, answer = ask("POST", f"/v1/streams/{stream}/events", {"type": kind, "data": data, "actor": actor})
    assert status == 201, answer
    return int(answer["events"][0]["position"])


class KernelTest(unittest.TestCase):
    maxDiff = None
    position = 0

    @classmethod
    def setUpClass(cls):
        for stream, life in LIVES.items():
            for kind, data, _ in life:
                cls.position = max(cls.position, append(stream, kind, data))

    def at(self, target, position=None):
        joint = "&" if "?" in target else "?"
        status, answer = ask("GET", f"{target}{joint}min-position={position or self.position}&wait=20")
        self.assertEqual(status, 200, answer)
        return answer

    def test_every_type_of_event_is_lived_through_here(self):
        _, answer = ask("GET", "/v1/schemas")
        known = {one["event_type"] for one in answer["schemas"]}
        self.assertEqual(known, {kind for life in LIVES.values() for kind, _, _ in life})
        categories = set()
        for stream in LIVES:
            for event in ask("GET", f"/v1/streams/{stream}/events")[1]["events"]:
                self.assertEqual(event["meta"]["category"], stream.split("/")[0])
                categories.add(event["meta"]["category"])
        self.assertEqual(sorted(categories), CATEGORIES)

    def test_each_schema_refuses_what_it_does_not_know(self):
        for kind in sorted({kind for life in LIVES.values() for kind, _, _ in life}):
            schema = ask("GET", f"/v1/schemas/{kind}")[1]["schema"]
            stream = next(stream for stream, life in LIVES.items() if kind in [one[0] for one in life])
            for name in schema.get("required", []):
                data = {**next(data for one, data, _ in LIVES[stream] if one == kind)}
                del data[name]
                with self.subTest(kind, missing=name):
                    self.assertEqual(ask("POST", f"/v1/streams/{stream}/events", {"type": kind, "data": data})[0], 422)
            with self.subTest(kind):
                self.assertEqual(ask("POST", f"/v1/streams/{stream}/events", {"type": kind, "data": []})[0], 422)
            other = "note/1"
            with self.subTest(kind, stream=other):  # of no entity of this kind
                good = next(data for one, data, _ in LIVES[stream] if one == kind)
                status, answer = ask("POST", f"/v1/streams/{other}/events", {"type": kind, "data": good})
                self.assertEqual((status, answer["code"]), (403, "emission_refused"))

    def test_each_step_gives_its_state(self):
        for number, (stream, life) in enumerate(LIVES.items()):
            position = 0
            kind, name = stream.split("/")
            for event, data, state in life:
                position = append(f"{kind}/again-{name}-{number}", event, {**data, "project": "again"} if "project" in data else data)
                if state is not None:
                    with self.subTest(event):
                        shown = self.at(f"/entities/{kind}/again-{name}-{number}", position)
                        self.assertEqual(shown["state"], state)

    def test_lists_and_their_filters(self):
        for name, filters, ids in LISTS:
            with self.subTest(name, filters=filters):
                wanted = set(ids) | {"s-1", "s-2", "t-1", "r-1", "c-1", "c-2", "c-3", "d-1", "d-2"}
                rows = self.at(f"/{name}?limit=200&{filters}".rstrip("&"))[name.replace("-", "_")]
                self.assertEqual([row["id"] for row in rows if row["id"] in wanted], ids)
        pages, after = [], ""
        while after is not None:
            page = self.at(f"/tool-calls?limit=1{after}")
            pages += [row["id"] for row in page["tool_calls"]]
            after = None if page["next"] is None else "&after=" + page["next"]
        self.assertEqual([one for one in pages if not one.startswith("again")], ["c-3", "c-2", "c-1"])
        for target in ("/sessions?state=asleep", "/tasks?priority=0", "/tool-calls?colour=red", "/search", "/tasks?limit=0"):
            self.assertEqual(ask("GET", target)[0], 400, target)

    def test_rows_say_what_was_done(self):
        task = self.at("/tasks?assignee=ada&label=garden")["tasks"][-1]
        self.assertEqual({**task, "id": "t-1", "title": "Water the plants", "blocked_by": "frost", "session": "s-1",
                          "priority": "urgent", "created_by": "ada", "version": 11}, task)
        pipeline = [row for row in self.at("/pipelines")["pipelines"] if row["id"] == "r-1"][0]
        self.assertEqual([(step["kind"], step["name"], step["state"]) for step in pipeline["steps"]],
                         [("stage", "build", "passed"), ("gate", "release", "passed")])
        session = [row for row in self.at("/sessions")["sessions"] if row["id"] == "s-1"][0]
        self.assertEqual((session["clients"], session["state"]), (1, "completed"))
        call = [row for row in self.at("/tool-calls")["tool_calls"] if row["id"] == "c-1"][0]
        self.assertEqual((call["arguments"], call["result"], call["duration_ms"]), ({"command": "make"}, {"exit_code": 0}, 1200))
        delivery = [row for row in self.at("/webhook-deliveries")["webhook_deliveries"] if row["id"] == "d-1"][0]
        self.assertEqual((delivery["attempts"], delivery["status"]), (2, 204))

    def test_policies_and_hooks_are_listed_by_what_they_said(self):
        denied = self.at("/policy-evaluations?decision=deny&policy=no-prod-writes&subject=" + urllib.parse.quote("tool_call/c-2"))
        self.assertEqual({(row["policy"], row["policy_version"], row["evaluation_ref"], row["duration_ms"],
                           tuple(row["evidence_refs"])) for row in denied["policy_evaluations"]},
                         {("no-prod-writes", "4", "eval/9f", 4, ("event/41",))})
        self.assertEqual(self.at("/policy-evaluations?decision=warn")["policy_evaluations"], [])
        hooks = self.at("/hook-decisions?decision=deny&hook=pre_commit&q=secrets")["hook_decisions"]
        self.assertEqual({(row["hook"], row["decision"], row["reason"]) for row in hooks}, {("pre_commit", "deny", "secrets in diff")})
        self.assertEqual(self.at("/hook-decisions?to=2020-01-01T00:00:00Z")["hook_decisions"], [])

    def test_search_finds_words_of_every_kind(self):
        for words, found in [("plants", ("task", "t-1")), ("orchard", ("project", "p-1")), ("roadmap", ("board", "b-1")),
                             ("coder", ("session", "s-1")), ("wt/fix", ("worktree", "wt-1")), ("gone", ("webhook", "d-2"))]:
            with self.subTest(words):
                rows = self.at(f"/search?limit=200&q={urllib.parse.quote(words)}&kind={found[0]}")["found"]
                self.assertIn(found, [(row["kind"], row["id"]) for row in rows])
        self.assertEqual(self.at("/search?q=plants+-water")["found"], [])

    def test_the_dashboard_counts_and_tells_what_waits(self):
        shown = self.at("/dashboard?project=p-1")
        self.assertEqual((shown["sessions"], shown["tasks"], shown["pipelines"]),
                         ({"completed": 1, "failed": 1}, {"blocked": 1}, {"passed": 1}))
        self.assertEqual([(row["kind"], row["id"]) for row in shown["waiting"]], [("task", "t-1")])
        everything = self.at("/dashboard")
        for name in ("tool_calls", "webhook_deliveries", "policy_evaluations", "hook_decisions"):
            self.assertGreater(sum(everything[name].values()), 0, name)

    def test_the_events_of_an_entity_are_its_stream(self):
        shown = self.at("/entities/task/t-1/events")["events"]
        self.assertEqual([event["type"] for event in shown], [kind for kind, _, _ in LIVES["task/t-1"]])

    def test_secrets_are_nowhere(self):
        canaries = ["canary" + secrets.token_hex(12) for _ in range(9)]
        marker = "marker" + secrets.token_hex(12)
        append("secret/k-2", "secret.created", {"name": marker, "value": canaries[0]})
        append("secret/k-2", "secret.rotated", {"name": marker, "value": {"key": [canaries[1]]}})
        append("tool_call/c-9", "tool.requested", {"tool": "shell", "credentials": {"token": canaries[2]},
                                                   "arguments": {"password": canaries[3], "token": canaries[4],
                                                                 "authorization": canaries[5]}})
        last = append("webhook/d-9", "webhook.scheduled", {"url": "https://hooks.example/in", "headers": {
            "Authorization": canaries[6], "x-anything": canaries[7]}})
        refused = {"url": f"https://user:{canaries[8]}@hooks.example/in"}
        self.assertEqual(ask("POST", "/v1/streams/webhook/d-9/events", {"type": "webhook.scheduled", "data": refused})[0], 422)
        self.at("/sessions", last)
        # The forensic log of refused events shows operators what was refused; nothing else does.
        dump = subprocess.run(["pg_dump", "--data-only", "--exclude-table=*.rejections*", DATABASE], capture_output=True,
                              text=True, check=True).stdout
        log = json.dumps([ask("GET", f"/v1/events?after={position}&limit=1000")[1] for position in range(0, last, 1000)])
        for text in (dump, log):
            self.assertIn(marker, text)
            self.assertEqual([one for one in canaries if one in text], [])

    def test_every_stream_is_chained_in_an_enterprise(self):
        for _ in range(3):
            append("note/anything", "NoteTaken", {"text": "of no pack"})
        for stream in ("note/anything", "task/t-1", "session/s-1"):
            status, answer = ask("GET", f"/v1/streams/{stream}/verify")
            self.assertEqual((status, answer["intact"]), (200, True), answer)
            events = ask("GET", f"/v1/streams/{stream}/events")[1]["events"]
            before = "0" * 64
            for event in events:
                self.assertEqual(event["prev_hash"], before)
                before = event["hash"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
