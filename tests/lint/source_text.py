"""Reads the project's files for the lint checks. Standard library only."""

import pathlib
import re
import sys

SKIPPED_FOLDERS = {".git", ".build", ".data", "node_modules", "__pycache__"}
CPP_SUFFIXES = {".cpp", ".hpp"}


def project_files(root):
    """Every file of the checkout that is ours, as (path relative to root, absolute path), sorted."""
    root = pathlib.Path(root).resolve()
    found = []
    pending = [root]
    while pending:
        for entry in pending.pop().iterdir():
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if entry.name not in SKIPPED_FOLDERS:
                    pending.append(entry)
            else:
                found.append((entry.relative_to(root).as_posix(), entry))
    return sorted(found)


def cpp_files(root):
    return [(name, path) for name, path in project_files(root) if path.suffix in CPP_SUFFIXES]


def read_text(path):
    """The text, or None for a file that is not text."""
    data = path.read_bytes()
    if b"\0" in data[:8192]:
        return None
    return data.decode("utf-8", errors="replace")


# Raw strings first: what looks like a comment inside one is text.
TOKENS = re.compile(
    r'R"(?P<delimiter>[^()\\\s]{0,16})\((?s:.*?)\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*(?s:.*?)\*/"
)


def without_comments_and_literals(text):
    """The same text with comments and the insides of literals blanked; every offset and line stays."""

    def blank(match):
        token = match.group(0)
        kept = re.sub(r"[^\n]", " ", token)
        if token.startswith("/"):
            return kept
        return '"' + kept[1:-1] + '"' if len(token) >= 2 else kept

    return TOKENS.sub(blank, text)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def report(problems, what):
    """Prints `file:line: message` lines; the exit code."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{what}: {len(problems)} problem(s)", file=sys.stderr)
        return 1
    print(f"{what}: good")
    return 0
