#!/usr/bin/env python3
"""The packs that come along hold what their tests say, and so does one that `sealstream pack new` makes.

    pack_command_test.py [PACK…]     names of packs in config/packs; all without

SEALSTREAM_BINARY is the program. Exit code 77: there is no Postgres to start (a skip).
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = os.environ["SEALSTREAM_BINARY"]
SECONDS_MAX = 240
EXIT_UNEXPECTED = 1
EXIT_REJECTED = 7
EXIT_SKIPPED = 77


def sealstream(*words):
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=SECONDS_MAX)
    if done.returncode == EXIT_UNEXPECTED and "unsupported" in done.stderr:
        print("SKIPPED: " + done.stderr.strip())
        sys.exit(EXIT_SKIPPED)
    return done


def fail(what, done):
    print(f"{what}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    sys.exit(EXIT_UNEXPECTED)


def passes(folder):
    for verb in ("check", "test"):
        done = sealstream("pack", verb, str(folder))
        print(done.stdout, end="")
        if done.returncode != 0:
            fail(f"pack {verb} {folder}", done)


def reports_a_failure(folder):
    """A case that does not hold is told with what was expected and what is."""
    cases = folder / "tests" / "wrong.yaml"
    cases.write_text(
        "- case: a wrong row\n"
        "  given: [{stream: small/a, type: small.added, data: {title: Tea}}]\n"
        "  rows: {item: [{id: a, title: Cake}]}\n"
        "- case: a wrong answer\n"
        "  steps:\n"
        "    - {request: GET /items, answer: {items: [{id: a}]}}\n"
        "- case: a wrong status\n"
        "  steps:\n"
        "    - {request: GET /items/none}\n"
    )
    done = sealstream("pack", "test", str(folder), "--only", "a wrong", "--json")
    told = [case["differences"] for case in json.loads(done.stdout)["cases"]]
    expected = ["missing", "expected 1 items, are 0", "status: expected 2xx, is 404"]
    if done.returncode != EXIT_REJECTED or not all(
        any(word in line for line in lines) for word, lines in zip(expected, told, strict=True)
    ):
        fail("pack test of wrong cases", done)
    cases.unlink()


def main():
    names = sys.argv[1:] or sorted(path.parent.name for path in (ROOT / "config/packs").glob("*/pack.yaml"))
    for name in names:
        passes(ROOT / "config/packs" / name)
    with tempfile.TemporaryDirectory() as above:
        folder = pathlib.Path(above) / "small"
        made = sealstream("pack", "new", str(folder))
        if made.returncode != 0:
            fail("pack new", made)
        passes(folder)
        reports_a_failure(folder)


if __name__ == "__main__":
    main()
