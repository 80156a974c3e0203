#!/usr/bin/env python3
"""Schemathesis, which we did not write, sends the node at $URL what the OpenAPI document allows and what it does not.

    fuzz_api_test.py [--examples N] [--seconds S]

No answer may be 5xx, but for what has not got there yet (fuzz_hooks.py); every answer must be one that the document describes, with its headers and its schema; what the
document forbids must be refused. SEALSTREAM_FUZZ_EXAMPLES and SEALSTREAM_FUZZ_SECONDS make it longer. The seed is
printed; SEALSTREAM_TEST_SEED repeats it.
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import peers  # noqa: E402

HOOKS = pathlib.Path(__file__).resolve().parent / "fuzz_hooks.py"
CHECKS = [
    "answers_without_a_fault", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "negative_data_rejection",
]
# They answer without end.
ENDLESS = ["follow_feed"]
# A refusal by size is a refusal, too; the rest is what schemathesis takes for one by itself.
SETTINGS = """[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 428, 429, 431, "5xx"]
"""
MORE_TIME = 60  # beyond the bound, before the whole run counts as stuck


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=int(os.environ.get("SEALSTREAM_FUZZ_EXAMPLES", "12")))
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("SEALSTREAM_FUZZ_SECONDS", "25")))
    options = parser.parse_args()
    try:
        peer = peers.need("schemathesis")
    except peers.Missing as missing:
        print(f"MISSING: schemathesis: {missing}")
        return peers.EXIT_MISSING
    seed = os.environ.get("SEALSTREAM_TEST_SEED", str(random.SystemRandom().randrange(2**32)))
    url = os.environ["URL"]
    command = [
        peer.python, "-m", "schemathesis.cli", "run", f"{url}/.well-known/openapi.json", "--url", url,
        "--checks", ",".join(CHECKS), "--max-examples", str(options.examples), "--seed", seed,
        "--max-time", str(options.seconds), "--workers", "1", "--request-timeout", "10", "--no-color",
        "--exclude-tag", "operators", "--generation-database", "none",
    ]
    for operation in ENDLESS:
        command += ["--exclude-operation-id", operation]
    print(f"seed {seed} (repeat with SEALSTREAM_TEST_SEED)", flush=True)
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)}
    with tempfile.TemporaryDirectory(prefix="sealstream-fuzz-") as folder:  # it leaves notes where it runs
        (pathlib.Path(folder) / "schemathesis.toml").write_text(SETTINGS)
        done = subprocess.run(command, check=False, env=environment, cwd=folder, timeout=options.seconds + MORE_TIME)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
