#!/usr/bin/env python3
"""Names what takes long: the slowest files of a build, the slowest tests of a run.

    slowest.py build .ninja_log          prints the ten slowest steps of the newest build
    ctest … | slowest.py tests           passes ctest's output on and puts the slowest tests before its
                                         summary; --refuse-skips makes a skipped test a failure, but for
                                         those that need a program which is not ours (peer_…)
                                         or a right that not everybody has (privileged_…)

Needs the standard library only.
"""

import pathlib
import re
import sys

SHOWN_MAX = 10
MAY_BE_SKIPPED = ("peer_", "privileged_")
PEER_REPORT = pathlib.Path(".build/peers/report")  # what those tests used or had to do without
TEST_LINE = re.compile(r"^\s*\d+/\d+ Test\s+#\d+: (\S+) \.*\s*(\**\w[\w ]*?)\s+([\d.]+) sec")
SUMMARY_LINE = re.compile(r"^\d+% tests passed, ")


def slowest_steps(log_text):
    """(seconds, output) of each file's newest step, longest first."""
    seconds_of = {}
    for line in log_text.splitlines():
        fields = line.split("\t")
        if len(fields) == 5 and fields[0].isdigit():
            start_ms, end_ms, _, output, _ = fields
            seconds_of[output] = (int(end_ms) - int(start_ms)) / 1000
    return sorted(((seconds, output) for output, seconds in seconds_of.items()), reverse=True)


def readable(output):
    return re.sub(r"CMakeFiles/[^/]+\.dir/", "", output).removesuffix(".o").replace("/./", "/")


def print_build(path):
    log = pathlib.Path(path)
    if not log.exists():
        return
    steps = slowest_steps(log.read_text())
    compiled = [step for step in steps if step[1].endswith((".o", ".gch"))]
    if compiled:
        print(f"Slowest of {len(compiled)} compiled files:")
        for seconds, output in compiled[:SHOWN_MAX]:
            print(f"  {seconds:7.1f} s  {readable(output)}")
        sys.stdout.flush()


def pass_tests_on(lines, refuse_skips):
    """The exit code: 1 when a test was skipped that had to run."""
    durations = []
    skipped = []
    for line in lines:
        match = TEST_LINE.match(line)
        if match:
            durations.append((float(match.group(3)), match.group(1)))
            if "Skipped" in match.group(2):
                if not match.group(1).startswith(MAY_BE_SKIPPED):
                    skipped.append(match.group(1))
        if SUMMARY_LINE.match(line):
            print(f"Slowest of {len(durations)} tests:")
            for seconds, name in sorted(durations, reverse=True)[:SHOWN_MAX]:
                print(f"  {seconds:7.1f} s  {name}")
            if PEER_REPORT.exists():
                print("Tested against what is not ours:")
                print("".join(f"  {line}\n" for line in sorted(PEER_REPORT.read_text().splitlines())), end="")
            if skipped and refuse_skips:
                print(f"Skipped, which is a failure here: {', '.join(skipped)}")
            print()
        print(line, end="", flush=True)
    return 1 if skipped and refuse_skips else 0


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "build":
        print_build(sys.argv[2])
        return 0
    if len(sys.argv) >= 2 and sys.argv[1] == "tests":
        return pass_tests_on(sys.stdin, "--refuse-skips" in sys.argv[2:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
