#!/usr/bin/env python3
"""Every C++ file is as clang-format 14 leaves it (`./dev format` does that).

    check_format.py ROOT [clang-format]

Other versions format a little differently, so only 14 decides; without it one SKIPPED line is printed.
"""

import re
import shutil
import subprocess
import sys

import source_text

DECIDING_VERSION = 14
FILES_MAX = 100  # in one command line


def main(root, tool=None):
    tool = tool or shutil.which(f"clang-format-{DECIDING_VERSION}") or shutil.which("clang-format")
    if tool is None:
        print("SKIPPED: clang-format is not installed")
        return 0
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version (\d+)", version)
    if not found or int(found.group(1)) != DECIDING_VERSION:
        print(f"SKIPPED: clang-format {DECIDING_VERSION} decides, and this is {version.strip()}")
        return 0
    files = [str(path) for _, path in source_text.cpp_files(root)]
    has_differences = False
    for at in range(0, len(files), FILES_MAX):
        command = [tool, "--style=file", "--dry-run", "-Werror", *files[at : at + FILES_MAX]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            has_differences = True
            first_places = {}
            for place in re.findall(r"^(\S+?:\d+):\d+: error:", done.stderr, re.MULTILINE):
                first_places.setdefault(place.rsplit(":", 1)[0], place)
            print("\n".join(f"{place}: not as clang-format leaves it" for place in first_places.values()))
    print("format: run ./dev format" if has_differences else "format: good")
    return 1 if has_differences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
