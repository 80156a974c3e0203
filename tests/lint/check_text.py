#!/usr/bin/env python3
"""Rules that a compiler does not hold, as far as text can tell.

    check_text.py ROOT         prints file:line for each breach, and the files longer than the house's aim

Coroutines (C1 to C4 of the house style; each has cost somebody a double free), notes of unfinished work without a condition, the
form of log event names, sources that no target lists, paths and hosts of one machine. Standard library only.
"""

import pathlib
import re
import sys

import source_text
from coroutine_rules import coroutine_problems

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b(.*)")
CONDITION = re.compile(r"\b(when|once|until)\b", re.IGNORECASE)

LOG_CALL = re.compile(r'\blog\(\s*Level::\w+,\s*"([^"]*)"')
LOG_EVENT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")

# Boost.JSON takes braces for a list, so value{x} is the array [x] (and on some compilers it is not).
BRACED_JSON = re.compile(r"\bjson::value\{\s*[^\s}]")

# Bracketed letters keep this file from refusing itself.
MACHINE_TEXT = [
    (re.compile(r"(?<![\w.}])/(wor[k]|roo[t]|hom[e]/[a-z])/[a-z.]"), "names a path of one machine"),
    (re.compile(r"[.][.]/share[d]\b"), "only .ci/run may name the folder beside the checkout"),
    (re.compile(r"\b(deb|security|snapshot|ftp)[.]debia[n][.]org|registry[.]npmj[s]|pyp[i][.]org|proxy[.]golan[g]"),
     "names a package registry"),
]

# lines: (aim, what a file of this kind may not exceed without "Long because …" in its first lines)
SIZES = {"header": (150, 250), "source": (300, 400), "test": (400, 600)}


def kind_of(name):
    if name.endswith("_test.cpp") or name.startswith(("tests/", "integration/")):
        return "test"
    return "header" if name.endswith(".hpp") else "source"


def size_problem(name, text):
    lines = text.count("\n")
    aim, most = SIZES[kind_of(name)]
    if lines > most and "Long because" not in text[:2000]:
        return f"{name}:{lines}: {lines} lines; over {most} a file says at its top why (Long because …)"
    if lines > aim:
        print(f"note: {name} has {lines} lines, the aim is {aim}")
    return None


def text_problems(name, text):
    for number, line in enumerate(text.splitlines(), start=1):
        note = UNFINISHED.search(line)
        if note and not CONDITION.search(note.group(2)):
            yield f"{name}:{number}: a {note.group(1)} needs the condition under which it can be done (when …)"
        if name != ".ci/run":
            for pattern, message in MACHINE_TEXT:
                if pattern.search(line):
                    yield f"{name}:{number}: {message}"


def log_problems(name, text):
    for match in LOG_CALL.finditer(text):
        if not LOG_EVENT.fullmatch(match.group(1)):
            line = source_text.line_at(text, match.start())
            yield f'{name}:{line}: log event "{match.group(1)}" is not of the form area.what_happened'


def json_problems(name, text):
    for match in BRACED_JSON.finditer(source_text.without_comments_and_literals(text)):
        line = source_text.line_at(text, match.start())
        yield f"{name}:{line}: json::value{{x}} makes an array; write json::value(x)"


def is_named(path, words):
    """Whether a word is the path, or becomes it: ${kind}_fuzz.cpp in a loop over words that name the kinds."""
    if path in words:
        return True
    for word in words:
        if "${" in word:
            form = re.sub(r"\\\$\\\{\w+\\\}", r"(\\w+)", re.escape(word))
            match = re.fullmatch(form, path)
            if match and all(value in words for value in match.groups()):
                return True
    return False


def unlisted_sources(files):
    """Sources that no CMake file of their folder, or of one above it, names."""
    cmake_words = {
        pathlib.PurePosixPath(name).parent: set(re.findall(r"[\w./${}-]+", source_text.read_text(path)))
        for name, path in files
        if name.endswith("CMakeLists.txt")
    }
    for name, _ in files:
        if not name.endswith(".cpp"):
            continue
        source = pathlib.PurePosixPath(name)
        is_listed = any(
            is_named(source.relative_to(folder).as_posix(), cmake_words.get(folder, ())) for folder in source.parents
        )
        if not is_listed:
            yield f"{name}:1: no CMake target lists this file"


def problems_in(root):
    files = source_text.project_files(root)
    problems = list(unlisted_sources(files))
    for name, path in files:
        text = source_text.read_text(path)
        if text is None:
            continue
        if not name.startswith("tests/lint/lint_test"):
            problems.extend(text_problems(name, text))
        if path.suffix in source_text.CPP_SUFFIXES:
            problems.extend(log_problems(name, text))
            problems.extend(json_problems(name, text))
            problems.extend(coroutine_problems(name, text))
            problem = size_problem(name, text)
            if problem:
                problems.append(problem)
    return problems


if __name__ == "__main__":
    sys.exit(source_text.report(problems_in(sys.argv[1]), "text"))
