#!/usr/bin/env python3
"""The examples of README.md and docs/*.md do what they say.

    docs_test.py [PAGE…]         every page (and whether docs/README.md lists them), or these, each beside an empty ledger of its own (with_ledger)
    docs_test.py --here PAGE…    against the ledger of the environment ($URL)

What a page shows in a block marked ```sh is run when a line begins with "$ "; the lines below it are what it
prints. A command goes on after a backslash, and in lines that begin with "> ". Variables live to the end of the
page. In what is shown, … or ... stands for anything, and space counts for nothing; ids, times, digests and
signatures are equal to any other. Of the fields of an HTTP answer a page shows those that it is about, in any order.
A command without output below it must only succeed. `# exit 10` at its end
is the exit code that it must have. What only reads is tried again for a while: read models follow the log.

A page without an example is a failure; only the index has none.
A page whose ledger needs options says so in a comment: <!-- ledger: --set ledger.chain=deal -->
In it $ROOT is the folder of this project.
"""

import dataclasses
import os
import pathlib
import re
import select
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
INDEX = "docs/README.md"  # lists the pages
COMMAND_SECONDS_MAX = 60
READ_AGAIN_SECONDS = 10
EXIT_SKIPPED = 77

CHANGES = re.compile(r"(^|\s)(-d|--data\S*|-X|--request|-T|-F|append|put|post)(\s|$)|>>|\b[A-Z_]+=|sealstream\.append\(|\bINSERT\b")
ENDLESS = re.compile(r"\btimeout\s|--max-time\b")
ENDED_BY_TIME = {28, 124}  # curl's and timeout's
WILDCARD = re.compile(r"(?:…|\.\.\.)+")
FORMS = [  # without space; a value of such a form is equal to any other of it
    r"urn:sealstream:request:[\w.-]+",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",
    r"\b[0-9a-f]{64}\b",
    r"\b[A-Za-z0-9+/]{43}=(?!\w)",
    r"http://127\.0\.0\.1:\d+",
]


@dataclasses.dataclass
class Example:
    page: str
    line: int
    command: str
    expected: list
    exit_code: int = 0


def examples_of(page, text):
    """Every command of the page's sh blocks, with what it shows."""
    examples = []
    fence = None
    is_command = False
    for number, line in enumerate(text.splitlines(), start=1):
        mark = re.match(r"\s*(```+)(\w*)", line)
        if mark and fence is None:
            fence, language, current = mark.group(1), mark.group(2), None
            continue
        if mark and line.strip() == fence:
            fence = None
            continue
        if fence is None or language != "sh":
            continue
        if line.startswith("$ "):
            current = Example(page, number, line[2:], [])
            examples.append(current)
            is_command = line.endswith("\\")
        elif current is not None and (is_command or line.startswith("> ")):
            current.command += "\n" + line.removeprefix("> ")
            is_command = line.endswith("\\")
        elif current is not None:
            current.expected.append(line)
    for example in examples:
        code = re.search(r"#\s*exit (\d+)\s*$", example.command)
        example.exit_code = int(code.group(1)) if code else 0
    return examples


def is_as_shown(expected, shown):
    """Whether the output is what the page says."""
    expected, shown = expected.replace("\r", "").strip("\n"), shown.replace("\r", "").strip("\n")
    if not (expected.startswith("HTTP/") and shown.startswith("HTTP/")):
        return fits(expected, shown)
    head, _, body = expected.partition("\n\n")
    shown_head, _, shown_body = shown.partition("\n\n")
    lines = shown_head.split("\n")
    return all(any(fits(line, other) for other in lines) for line in head.split("\n")) and (
        not body or is_as_shown(body, shown_body))


def pattern_of(expected):
    """The regular expression that the output has to match, without space."""
    found = re.search("|".join([WILDCARD.pattern, *FORMS]), expected)
    if found is None:
        return re.escape(expected)
    form = next((form for form in FORMS if re.fullmatch(form, found.group())), r".*?")
    return re.escape(expected[: found.start()]) + form + pattern_of(expected[found.end() :])


def fits(expected, shown):
    """Whether the text is as expected, where … and ... stand for anything."""
    pattern = pattern_of(re.sub(r"\s+", "", expected))
    return re.fullmatch(pattern, re.sub(r"\s+", "", shown), re.DOTALL) is not None


class Shell:
    """One bash for a page; what a command prints, errors too, comes back with its exit code."""

    MARK = "--- ended with "

    def __init__(self, folder):
        (folder / ".curlrc").write_text("silent\nshow-error\n", encoding="utf-8")
        environment = {**os.environ, "CURL_HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env=environment, bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        self.process.stdin.write(f"{command}\nprintf '\\n{self.MARK}%d\\n' $?\n".encode())
        deadline = time.monotonic() + COMMAND_SECONDS_MAX
        output = b""
        while True:
            ended = re.search(rf"\n{self.MARK}(\d+)\n$".encode(), output)
            if ended:
                return int(ended.group(1)), output[: ended.start()].decode(errors="replace")
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([self.process.stdout], [], [], wait)[0]:
                return None, output.decode(errors="replace")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return None, output.decode(errors="replace")
            output += piece

    def close(self):
        self.process.kill()
        self.process.communicate()


ENDED_BY_TIME_TEXT = re.compile(r"(?m)^curl: \(28\).*$")


def is_good(example, code, shown):
    shown = ENDED_BY_TIME_TEXT.sub("", shown)
    by_time = code in ENDED_BY_TIME and ENDLESS.search(example.command)
    return (code == example.exit_code or by_time) and (
        not example.expected or is_as_shown("\n".join(example.expected), shown))


def problem_of(shell, example):
    """None, or what went wrong."""
    deadline = time.monotonic() + READ_AGAIN_SECONDS
    while True:
        code, shown = shell.run(example.command)
        if code is not None and is_good(example, code, shown):
            return None
        if code is None or CHANGES.search(example.command) or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    ended = "did not end" if code is None else f"exit code {code}"
    return "\n".join([f"{example.page}:{example.line}: {example.command}", f"  {ended}; it printed", indented(shown),
                      "  where the page shows", indented("\n".join(example.expected))])


def indented(text):
    return "\n".join("    " + line for line in text.replace("\r", "").strip("\n").split("\n"))


def run_page_here(page):
    """The number of examples that differ; 1 ends the page, since the rest builds on it."""
    examples = examples_of(page, (ROOT / page).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="sealstream-docs-") as folder:
        shell = Shell(pathlib.Path(folder))
        try:
            for example in examples:
                problem = problem_of(shell, example)
                if problem:
                    print(problem, flush=True)
                    return 1
        finally:
            shell.close()
    print(f"{page}: {len(examples)} examples", flush=True)
    return 0


def run_page(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    if not examples_of(page, text):
        if page == INDEX:
            return 0
        print(f"{page}: has no example; nothing here is known to be true", flush=True)
        return 1
    options = re.search(r"<!-- ledger:(.*?)-->", text)
    wanted = shlex.split(options.group(1).replace("$ROOT", str(ROOT)) if options else "")
    command = [os.environ["WITH_LEDGER"], *wanted, "--",
               sys.executable, "-B", __file__, "--here", page]
    return subprocess.run(command, check=False).returncode


def unlisted_pages():
    """Pages that docs/README.md does not link to."""
    index = (ROOT / INDEX).read_text(encoding="utf-8")
    pages = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").glob("*.md"))
    return [page for page in pages if page != "README.md" and f"({page})" not in index]


def main(arguments):
    run, pages = (run_page_here, arguments[1:]) if arguments[:1] == ["--here"] else (run_page, arguments)
    if not pages:
        pages = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]
    codes = [run(page) for page in pages]
    if not arguments:
        for page in unlisted_pages():
            print(f"{INDEX}: has no line for {page}")
            codes.append(1)
    if EXIT_SKIPPED in codes:
        return EXIT_SKIPPED
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
