#!/usr/bin/env python3
"""Real input for the pack `registry`, at the root of the CBOR ledger at $URL: the package index that this machine's apt knows,
brought in by docs/examples/registry/import_debian.py, twice. The tables are compared with the index as another parser reads it.

SEALSTREAM_PACKAGES_MAX (20000) bounds it; 0 is the whole index. Exit code 77: apt knows of no packages (a skip).
"""

import email.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ.get("URL", "http://127.0.0.1:1")
IMPORTER = pathlib.Path(__file__).resolve().parents[1] / "docs/examples/registry/import_debian.py"
PACKAGES_MAX = int(os.environ.get("SEALSTREAM_PACKAGES_MAX", "20000"))
PATIENCE_S = 300
EXIT_SKIPPED = 77
UNTIL = {"required": "2036-01-01T00:00:00+00:00", "important": "2033-01-01T00:00:00+00:00"}
PAGE = 1000


def ask(target):
    try:
        with urllib.request.urlopen(URL + target, timeout=PATIENCE_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise AssertionError(f"{target}: {refused.read().decode()}") from None


def head():
    return int(ask("/v1/events?direction=backward&limit=1")["events"][0]["position"])


def rows(table, position):
    """All rows, page by page, once they show the log up to there."""
    found, after = [], ""
    while after is not None:
        page = ask(f"/{table}?limit={PAGE}&min-position={position}&wait=60{after}")
        found += page[table]
        after = None if page["next"] is None else "&after=" + page["next"]
    return found


def index():
    """The paragraphs of the package index, as the parser of mail headers reads them, and their text."""
    if shutil.which("apt-cache") is None:
        return [], ""
    text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    parts = [part for part in text.split("\n\n") if re.search("^Filename:", part, re.MULTILINE)]
    print(f"{len(parts)} packages in the index of this machine, {min(len(parts), PACKAGES_MAX or len(parts))} are brought in")
    parts = parts[:PACKAGES_MAX or None]
    return [email.parser.Parser().parsestr(part, headersonly=True) for part in parts], "\n\n".join(parts)


def bring_in(text):
    with tempfile.TemporaryFile("w+") as file:
        file.write(text)
        file.seek(0)
        done = subprocess.run([sys.executable, "-B", str(IMPORTER), URL], stdin=file, capture_output=True, text=True,
                              timeout=PATIENCE_S)
    print(done.stdout, end="")
    assert done.returncode == 0, done.stderr
    return int(re.search(r"(\d+) events appended", done.stdout)[1]), int(re.search(r"(\d+) were there", done.stdout)[1])


class RegistryImportTest(unittest.TestCase):
    maxDiff = None

    def equal(self, found, expected):
        """Of two large lists only the first differences are worth reading."""
        self.assertEqual(len(found), len(expected))
        self.assertEqual([pair for pair in zip(sorted(found), sorted(expected)) if pair[0] != pair[1]][:3], [])

    def test_the_tables_are_views_of_the_index(self):
        self.assertEqual(bring_in(INDEX[1]), (4 * len(INDEX[0]), 0))
        position = head()
        packages = rows("packages", position)
        self.equal([(one["name"], one["version"], one["format"], one["state"], one["created_by"],
                     one["metadata"]["architecture"], one["metadata"].get("section", ""), one["metadata"].get("depends", ""))
                    for one in packages],
                   [(one["Package"], one["Version"], "deb", "offered", "apt", one["Architecture"], one.get("Section", ""),
                     one.get("Depends", "")) for one in INDEX[0]])
        ids = {one["id"]: (one["name"], one["version"], one["metadata"]["architecture"]) for one in packages}
        files = rows("files", position)
        self.equal([(*ids[one["package_id"]], one["path"], one["size_bytes"], one["digest"], one["state"]) for one in files],
                   [(one["Package"], one["Version"], one["Architecture"], one["Filename"], int(one["Size"]), one["SHA256"],
                     "present") for one in INDEX[0]])
        storage = rows("storage_locations", position)
        self.assertEqual([(one["kind"], one["state"], one["files"], one["bytes"]) for one in storage],
                         [("archive", "active", len(INDEX[0]), sum(int(one["Size"]) for one in INDEX[0]))])
        self.equal([(*ids[one["package_id"]], one["policy"], one["keep_until"]) for one in rows("retention_state", position)],
                   [(one["Package"], one["Version"], one["Architecture"], one.get("Priority", "optional"),
                     UNTIL.get(one.get("Priority"), "2030-01-01T00:00:00+00:00")) for one in INDEX[0]])

        self.assertEqual(bring_in(INDEX[1]), (0, 4 * len(INDEX[0])), "an index that is there adds nothing")
        self.assertEqual(head(), position)
        self.assertEqual(len(rows("packages", position)), len(INDEX[0]))

        name = INDEX[0][len(INDEX[0]) // 2]["Package"]
        found = ask(f"/packages?name={urllib.parse.quote(name)}&min-position={position}&wait=60")["packages"]
        self.assertEqual({one["name"] for one in found}, {name})


if __name__ == "__main__":
    INDEX = index()
    if not INDEX[0]:
        print("SKIPPED: apt knows of no packages here (apt-get update)")
        sys.exit(EXIT_SKIPPED)
    unittest.main(verbosity=2)
