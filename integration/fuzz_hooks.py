"""What fuzz_api_test adds to schemathesis: which answers are faults, and how often each answer came."""

import atexit
import collections

import schemathesis

# What a node answers although its stores are up, and the document says so: a read model or a checkpoint that has
# not got there yet.
LATER = {"projection_behind", "projection_missing", "unavailable"}
MAY_COME_LATER = {"read_events", "read_stream", "tail_events", "get_event", "get_proof", "verify_stream", "get_checkpoint", "get_health"}

answers = collections.Counter()


def code_of(response):
    try:
        return response.json().get("code", "")
    except (ValueError, AttributeError):
        return ""


@schemathesis.check
def answers_without_a_fault(_ctx, response, case):
    name = case.operation.definition.raw.get("operationId", "")
    code = code_of(response)
    answers[(name, response.status_code, code)] += 1
    if response.status_code < 500:
        return
    if response.status_code == 503 and code in LATER and name in MAY_COME_LATER:
        return
    raise AssertionError(f"{name} answers {response.status_code} {code}: {response.text[:500]}")


def print_answers():
    print("answers")
    for (name, status, code), count in sorted(answers.items()):
        print(f"  {name:24} {status} {code:24} {count}")


atexit.register(print_answers)
