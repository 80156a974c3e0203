#!/usr/bin/env python3
"""The pack `deals`, at the root of the ledger at $URL: the envelope, the example events as they stand in the kernel's own
manual, every event type and every state, the chain of a deal.
"""

import json
import os
import unittest
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("URL", "http://127.0.0.1:1")
PATIENCE_S = 30
ENVELOPE = ["id", "dealId", "type", "actorId", "payload", "authorityContext", "evidenceRefs", "sequenceNumber",
            "previousEventHash", "eventHash", "createdAt"]
GP = "550e8400-e29b-41d4-a716-446655440001"
LENDER = "550e8400-e29b-41d4-a716-446655440002"

REVIEW_OPENED = """{
  "type": "ReviewOpened",
  "actorId": "550e8400-e29b-41d4-a716-446655440001",
  "payload": {
    "reason": "Initial deal submission"
  },
  "authorityContext": {
    "role": "GP"
  },
  "evidenceRefs": []
}"""
DEAL_APPROVED = """{
  "type": "DealApproved",
  "actorId": "550e8400-e29b-41d4-a716-446655440001",
  "payload": {
    "approvalNotes": "All underwriting materials verified"
  },
  "authorityContext": {
    "role": "GP",
    "overrideReason": null
  },
  "evidenceRefs": ["artifact-uuid-1", "artifact-uuid-2"]
}"""
APPROVAL_GRANTED = """{
  "type": "ApprovalGranted",
  "actorId": "550e8400-e29b-41d4-a716-446655440002",
  "payload": {
    "action": "FINALIZE_CLOSING",
    "comment": "All documents reviewed and approved"
  },
  "authorityContext": {
    "role": "LENDER"
  },
  "evidenceRefs": ["wire-confirmation-artifact-id"]
}"""


def ask(method, target, body=None):
    """Status, headers, body. A string is sent as it stands."""
    request = urllib.request.Request(URL + target, method=method)
    if body is not None:
        request.data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, json.load(refused)


class Deal:
    def __init__(self):
        self.id = str(uuid.uuid4())
        self.path = f"/deals/{self.id}"
        self.position = "0"

    def send(self, body):
        status, headers, answer = ask("POST", self.path + "/events", body)
        self.position = headers.get("Sealstream-Position", self.position) if status == 201 else self.position
        return status, answer

    def add(self, kind, actor=None, **payload):
        status, answer = self.send({"type": kind, "actorId": actor, "payload": payload})
        assert status == 201, answer
        return answer

    def read(self, suffix=""):
        """With everything that this test has appended."""
        joint = "&" if "?" in suffix else "?"
        status, _, answer = ask("GET", f"{self.path}{suffix}{joint}min-position={self.position}&wait=20")
        assert status == 200, answer
        return answer

    def where(self):
        summary = self.read()
        return summary["state"], summary["stressMode"]

    def prepare(self, action, *materials, approvers=(LENDER,)):
        for material in materials:
            self.add("MaterialRecorded", GP, artifactId=material, type=material, truthLevel="DOC")
        for actor in approvers:
            self.add("ApprovalGranted", actor, action=action)

    def with_parties(self):
        self.add("RoleGranted", None, actorId=GP, role="GP")
        self.add("RoleGranted", None, actorId=LENDER, role="LENDER")
        return self


class DealsTest(unittest.TestCase):
    maxDiff = None

    def test_the_example_events_of_the_manual_are_accepted_as_they_stand(self):
        deal = Deal()
        status, opened = deal.send(REVIEW_OPENED)
        self.assertEqual(status, 201, opened)
        self.assertEqual(list(opened), ENVELOPE)
        self.assertEqual({**opened, **json.loads(REVIEW_OPENED)}, opened)
        self.assertEqual((opened["dealId"], opened["sequenceNumber"], opened["previousEventHash"]), (deal.id, 1, None))
        self.assertEqual(deal.where(), ("UnderReview", "SM-0"))
        status, granted = deal.send(APPROVAL_GRANTED)
        self.assertEqual(status, 201, granted)
        self.assertEqual(granted["previousEventHash"], opened["eventHash"])
        status, refused = deal.send(DEAL_APPROVED)
        self.assertEqual(status, 409, "gated: nobody has a role yet")
        self.assertEqual([one["code"] for one in refused["violations"]],
                         ["no_authority", "claimed_role", "approvals_missing", "material_missing"])
        deal.with_parties().prepare("APPROVE_DEAL", "UnderwritingSummary")
        status, approved = deal.send(DEAL_APPROVED)
        self.assertEqual(status, 201, approved)
        self.assertEqual({**approved, **json.loads(DEAL_APPROVED)}, approved)
        self.assertEqual(deal.where(), ("Approved", "SM-0"))
        shown = deal.read("/events")["events"]
        self.assertEqual([list(one) for one in shown], [ENVELOPE] * len(shown))
        # Postgres keeps microseconds, the log nanoseconds.
        for sent, read in ((opened, shown[0]), (granted, shown[1]), (approved, shown[-1])):
            self.assertEqual({**sent, "createdAt": sent["createdAt"][:23]}, {**read, "createdAt": read["createdAt"][:23]})

    def test_a_deal_goes_through_every_state(self):
        deal = Deal().with_parties()
        self.assertEqual(deal.where(), ("Draft", "SM-0"))
        for kind, state, prepare in [
            ("ReviewOpened", "UnderReview", None),
            ("DealApproved", "Approved", ("APPROVE_DEAL", "UnderwritingSummary")),
            ("ClosingReadinessAttested", "ReadyToClose", ("ATTEST_READINESS", "FinalUnderwriting")),
            ("ClosingFinalized", "Closed", ("FINALIZE_CLOSING", "WireConfirmation", "EntityFormation")),
            ("OperationsActivated", "Operating", ("ACTIVATE_OPERATIONS", "PropertyManagementAgreement")),
            ("MaterialChangeDetected", "Changed", None),
            ("ChangeReconciled", "Operating", None),
            ("ExitFinalized", "Exited", None),
        ]:
            with self.subTest(kind):
                if prepare is not None:
                    self.assertEqual(deal.send({"type": kind, "actorId": GP})[0], 409, "nothing is prepared")
                    deal.prepare(*prepare, approvers=(GP, LENDER))
                self.assertEqual(deal.send({"type": kind, "actorId": GP})[0], 201)
                self.assertEqual(deal.where()[0], state)
        for kind in ("ReviewOpened", "ExitFinalized", "DealTerminated"):
            self.assertEqual(deal.send({"type": kind, "actorId": GP})[0], 409)
        terminated = Deal()
        terminated.add("DealTerminated", GP, reason="Seller withdrew")
        self.assertEqual(terminated.where()[0], "Terminated")

    def test_distress_and_freeze_set_and_clear_stress_modes(self):
        deal = Deal().with_parties()
        for kind in ("DistressResolved", "FreezeLifted"):
            self.assertEqual(deal.send({"type": kind, "actorId": GP})[0], 409)
        deal.add("DistressDeclared", GP, reason="DSCR covenant broken")
        self.assertEqual(deal.where(), ("Draft", "SM-2"))
        deal.add("FreezeImposed", None, authority="District court")
        self.assertEqual(deal.where(), ("Draft", "SM-3"))
        deal.add("FreezeLifted", None, authority="District court")
        self.assertEqual(deal.where(), ("Draft", "SM-2"))
        self.assertEqual(deal.send({"type": "DistressResolved", "actorId": GP})[0], 409, "gated")
        deal.prepare("RESOLVE_DISTRESS", approvers=(GP, LENDER))
        deal.add("DistressResolved", GP)
        self.assertEqual(deal.where(), ("Draft", "SM-0"))
        found = {one["id"] for one in ask("GET", "/deals?stressMode=SM-0&state=Draft&limit=500")[2]["deals"]}
        self.assertIn(deal.id, found)

    def test_the_other_events_may_happen_at_any_time(self):
        deal = Deal()
        for kind, payload in [("ApprovalDenied", {"action": "APPROVE_DEAL"}), ("DataDisputed", {"reason": "Rent roll"}),
                              ("OverrideAttested", {"action": "APPROVE_DEAL", "reason": "Board resolution 12"})]:
            deal.add(kind, GP, **payload)
        deal.add("DealTerminated")
        deal.add("DataDisputed", GP)
        self.assertEqual([one["sequenceNumber"] for one in deal.read("/events")["events"]], [1, 2, 3, 4, 5])

    def test_the_chain_verifies_with_the_body_of_the_manual(self):
        deal = Deal()
        for _ in range(42):
            deal.add("DataDisputed", GP)
        status, _, answer = ask("GET", deal.path + "/events/verify")
        self.assertEqual(status, 200)
        self.assertEqual(json.dumps(answer), json.dumps({"valid": True, "issues": [], "eventsChecked": 42, "chainIntact": True}))
        self.assertEqual(ask("GET", f"/deals/{uuid.uuid4()}/events/verify")[0], 404)

    def test_each_event_carries_the_hash_of_the_one_before(self):
        deal = Deal()
        for number in range(3):
            deal.add("DataDisputed", GP, reason=f"number {number}")
        before = None
        for sequence, envelope in enumerate(deal.read("/events")["events"], start=1):
            self.assertEqual((envelope["sequenceNumber"], envelope["previousEventHash"]), (sequence, before))
            self.assertRegex(envelope["eventHash"], "^[0-9a-f]{64}$")
            before = envelope["eventHash"]

    def test_what_does_not_fit_is_refused(self):
        deal = Deal()
        for body, status in [
            ({"type": "Nonsense"}, 422), ({"payload": {}}, 422), ({"type": "ReviewOpened", "payload": []}, 422),
            ({"type": "ReviewOpened", "evidenceRefs": "a"}, 422), ({"type": "ReviewOpened", "dealId": deal.id}, 422),
            ({"type": "ApprovalGranted", "payload": {}}, 422), ({"type": "MaterialRecorded", "payload": {"artifactId": "a"}}, 422),
            ({"type": "RoleGranted", "payload": {"actorId": "", "role": "GP"}}, 422), ("{", 400), ("[]", 422),
        ]:
            with self.subTest(body=body):
                self.assertEqual(deal.send(body)[0], status)
        self.assertEqual(ask("POST", "/deals/7/events", REVIEW_OPENED)[0], 400)
        self.assertEqual(ask("GET", deal.path)[0], 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
