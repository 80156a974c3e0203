"""What may happen to a deal: the slow specification that tests of the pack `deals` compare with.

Everything is read off the whole history again, each time it is asked; nothing is remembered. The rules are written down
here a second time, from docs/deals.md, not from the SQL of the pack.
"""

import random

STATES = ["Draft", "UnderReview", "Approved", "ReadyToClose", "Closed", "Operating", "Changed", "Exited", "Terminated"]
FINAL = ["Exited", "Terminated"]
MOVES = {  # event: from, to
    "ReviewOpened": (["Draft"], "UnderReview"),
    "DealApproved": (["UnderReview"], "Approved"),
    "ClosingReadinessAttested": (["Approved"], "ReadyToClose"),
    "ClosingFinalized": (["ReadyToClose"], "Closed"),
    "OperationsActivated": (["Closed"], "Operating"),
    "MaterialChangeDetected": (["Operating"], "Changed"),
    "ChangeReconciled": (["Changed"], "Operating"),
    "ExitFinalized": ([state for state in STATES if state not in FINAL], "Exited"),
    "DealTerminated": ([state for state in STATES if state not in FINAL], "Terminated"),
}
GATES = {  # event: action, roles (one of them), approvals, roles of those who approve, materials
    "DealApproved": ("APPROVE_DEAL", ["GP"], 1, ["GP", "LP", "LENDER"], [("UnderwritingSummary", "HUMAN")]),
    "ClosingReadinessAttested":
        ("ATTEST_READINESS", ["GP", "COUNSEL"], 1, ["GP", "LENDER", "COUNSEL"], [("FinalUnderwriting", "DOC")]),
    "ClosingFinalized":
        ("FINALIZE_CLOSING", ["GP", "LENDER"], 2, ["GP", "LENDER"], [("WireConfirmation", "DOC"), ("EntityFormation", "DOC")]),
    "OperationsActivated":
        ("ACTIVATE_OPERATIONS", ["GP", "OPERATOR"], 1, ["GP", "OPERATOR"], [("PropertyManagementAgreement", "HUMAN")]),
    "DistressResolved": ("RESOLVE_DISTRESS", ["GP", "LENDER"], 2, ["GP", "LENDER"], []),
}
TRUTH = ["AI", "HUMAN", "DOC"]
OTHERS = ["DistressDeclared", "FreezeImposed", "FreezeLifted", "ApprovalGranted", "ApprovalDenied", "OverrideAttested",
          "DataDisputed", "RoleGranted", "RoleRevoked", "MaterialRecorded"]
TYPES = [*MOVES, "DistressResolved", *OTHERS]
ACTIONS = [gate[0] for gate in GATES.values()]
ROLES = ["GP", "LP", "LENDER", "COUNSEL", "OPERATOR"]
MATERIALS = [material for gate in GATES.values() for material, _ in gate[4]]


# ---- an event: type, actorId (or None), payload, authorityContext; a history is a list of them -------------------------

def state_of(history):
    state = "Draft"
    for event in history:
        if event["type"] in MOVES:
            state = MOVES[event["type"]][1]
    return state


def last_is(history, one, other):
    """Whether the last of these two kinds of event is `one`."""
    kinds = [event["type"] for event in history if event["type"] in (one, other)]
    return bool(kinds) and kinds[-1] == one


def is_distressed(history):
    return last_is(history, "DistressDeclared", "DistressResolved")


def is_frozen(history):
    return last_is(history, "FreezeImposed", "FreezeLifted")


def stress_of(history):
    return "SM-3" if is_frozen(history) else "SM-2" if is_distressed(history) else "SM-0"


def roles_of(history, actor):
    held = set()
    for event in history:
        if event["type"] in ("RoleGranted", "RoleRevoked") and event["payload"]["actorId"] == actor:
            change = held.add if event["type"] == "RoleGranted" else held.discard
            change(event["payload"]["role"])
    return held


def words_about(history, action):
    """What each actor said last about an action: True, it approves."""
    words = {}
    for event in history:
        if event["type"] in ("ApprovalGranted", "ApprovalDenied") and event["payload"]["action"] == action:
            words[event["actorId"]] = event["type"] == "ApprovalGranted"
    return words


def materials_of(history):
    """By artifact: what it is and how true."""
    return {event["payload"]["artifactId"]: (event["payload"]["type"], event["payload"]["truthLevel"])
            for event in history if event["type"] == "MaterialRecorded"}


def since_distress(history):
    begins = [place for place, event in enumerate(history) if event["type"] == "DistressDeclared"]
    return history[begins[-1] + 1:] if begins else history


def refusals_of_state(history, event):
    kind, state = event["type"], state_of(history)
    if kind == "DistressResolved" and not is_distressed(history):
        return [("not_distressed",)]
    if kind == "FreezeLifted" and not is_frozen(history):
        return [("not_frozen",)]
    if kind in MOVES and state not in MOVES[kind][0]:
        return [("illegal_transition", state)]
    return []


def refusals_of_gate(history, event):
    if event["type"] not in GATES:
        return []
    action, roles, needed, approvers, materials = GATES[event["type"]]
    refusals = []
    held = roles_of(history, event["actorId"])
    if not held.intersection(roles):
        refusals.append(("no_authority", tuple(roles)))
    claimed = event["authorityContext"].get("role")
    if claimed is not None and claimed not in held:
        refusals.append(("claimed_role",))
    counting = since_distress(history) if event["type"] == "DistressResolved" else history
    if any(one["type"] == "OverrideAttested" and one["payload"]["action"] == action for one in counting):
        return refusals
    words = words_about(counting, action)
    approving = [actor for actor, is_granted in words.items()
                 if is_granted and roles_of(history, actor).intersection(approvers)]
    if len(approving) < needed:
        refusals.append(("approvals_missing", action, len(approving), needed))
    if not all(words.values()):
        refusals.append(("approval_denied", action))
    for material, level in materials:
        if not any(kind == material and TRUTH.index(truth) >= TRUTH.index(level)
                   for kind, truth in materials_of(history).values()):
            refusals.append(("material_missing", material, level))
    return refusals


def refusals_of(history, event):
    """Why the event may not happen next; none: it may. Who does not get past the state is not told of the gate."""
    return sorted(refusals_of_state(history, event) or refusals_of_gate(history, event))


def told(violations):
    """The same of an answer."""
    return sorted(
        (one["code"], *(tuple(one[name]) if name == "roles" else one[name]
                        for name in ("state", "roles", "action", "have", "need", "material", "truthLevel") if name in one))
        for one in violations)


def summary_of(history):
    """What GET /deals/{dealId} has to say, without its times."""
    actors = sorted({event["payload"]["actorId"] for event in history if event["type"] == "RoleGranted"})
    words = {action: words_about(history, action) for action in sorted(ACTIONS)}
    return {
        "state": state_of(history), "stressMode": stress_of(history), "sequenceNumber": len(history),
        "roles": [{"actorId": actor, "role": role} for actor in actors for role in sorted(roles_of(history, actor))],
        "approvals": [{"action": action, "actorId": actor or "", "granted": words[action][actor]}
                      for action in words for actor in sorted(words[action], key=lambda name: name or "")],
        "materials": [{"artifactId": artifact, "type": kind, "truthLevel": truth}
                      for artifact, (kind, truth) in sorted(materials_of(history).items())],
    }


# ---- random histories ----------------------------------------------------------------------------------------------------

ACTORS = [f"550e8400-e29b-41d4-a716-44665544000{number}" for number in range(1, 5)]


def event(kind, actor=None, payload=None, role=None):
    context = {} if role is None else {"role": role}
    return {"type": kind, "actorId": actor, "payload": payload or {}, "authorityContext": context, "evidenceRefs": []}


def any_event(dice):
    kind = dice.choice(TYPES)
    actor = dice.choice([*ACTORS, None])
    payload = {}
    if kind in ("ApprovalGranted", "ApprovalDenied", "OverrideAttested"):
        payload["action"] = dice.choice(ACTIONS)
    if kind == "OverrideAttested":
        payload["reason"] = "because"
    if kind in ("RoleGranted", "RoleRevoked"):
        payload = {"actorId": dice.choice(ACTORS), "role": dice.choice(ROLES)}
    if kind == "MaterialRecorded":
        payload = {"artifactId": f"artifact-{dice.randrange(6)}", "type": dice.choice(MATERIALS),
                   "truthLevel": dice.choice(TRUTH)}
    return event(kind, actor, payload, dice.choice([None, None, *ROLES]) if kind in GATES else None)


def step_towards(history, goal, dice):
    """The event itself when it may happen, else one that takes away a reason why it may not."""
    actor = dice.choice(ACTORS)
    wanted = event(goal, actor)
    refusals = refusals_of(history, wanted)
    if not refusals or dice.random() < 0.2:
        return wanted
    code, *details = dice.choice(refusals)
    if code == "no_authority":
        return event("RoleGranted", None, {"actorId": actor, "role": dice.choice(details[0])})
    if code == "approvals_missing":
        return dice.choice([event("ApprovalGranted", actor, {"action": details[0]}),
                            event("RoleGranted", None, {"actorId": actor, "role": "GP"})])
    if code == "approval_denied":
        return event("ApprovalGranted", dice.choice([*ACTORS, None]), {"action": details[0]})
    if code == "material_missing":
        return event("MaterialRecorded", actor, {"artifactId": f"artifact-{dice.randrange(6, 20)}", "type": details[0],
                                                 "truthLevel": dice.choice(TRUTH)})
    return event("DistressDeclared", actor) if code == "not_distressed" else any_event(dice)


def next_event(history, dice):
    """Legal or not, and now and then one that leads on: otherwise few deals would ever close."""
    state = state_of(history)
    onward = [kind for kind, (sources, target) in MOVES.items() if sources == [state] and target not in FINAL]
    if onward and dice.random() < 0.6:
        return step_towards(history, onward[0], dice)
    if is_distressed(history) and dice.random() < 0.2:
        return step_towards(history, "DistressResolved", dice)
    made = any_event(dice)
    is_end = made["type"] in MOVES and MOVES[made["type"]][1] in FINAL
    return any_event(dice) if is_end and dice.random() < 0.8 else made  # or most would end early


def generator(seed):
    return random.Random(seed)
