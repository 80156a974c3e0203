"""The coroutine rules C1 to C4, read from text.

    C1  a lambda with captures never returns awaitable: captures live in the lambda, not in the frame
    C2  the operand of co_await is a call on named things: GCC before 13 destroys temporaries twice or too early
    C3  no co_await in a condition, beside ?: && ||, in a macro argument, or in a catch block
    C4  no co_await in a test assertion: GCC evaluates it twice (Catch2 issue 2591)
"""

import re

import source_text

CAPTURING_COROUTINE = re.compile(
    r"\[[^\[\]\n]+\]\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*(?:mutable\s*|noexcept\s*)*->\s*[\w:]*\bawaitable\s*<"
)
ASSERTION = re.compile(r"(REQUIRE|CHECK|INFO|CAPTURE|SECTION)\w*")
MACRO = re.compile(r"[A-Z][A-Z0-9_]+")
KEYWORD_BEFORE_PAREN = re.compile(r"(\w+)\s*$")
# Trivially destructible, so that a temporary of them does no harm.
TRIVIAL_BEFORE_BRACE = re.compile(
    r"\b(hours|minutes|seconds|milliseconds|microseconds|nanoseconds|Position|Version|LeafIndex|TreeSize|ReadLimits|WallTime"
    r"|size_t|u?int\d+_t|Monotonic|Notifier::Ticket)\s*$"
)
TEMPORARY = re.compile(r"\bstd::(string|vector|map|optional|function|unique_ptr|shared_ptr)\b(?!::)(<[^;()]*>)?\s*[({]")
CAPTURING_LAMBDA = re.compile(r"(?<![\w\])])\[[^\[\]]+\]\s*[({]")


def statement_start(code, offset):
    """Where the statement around `offset` begins, not leaving parentheses that are open there."""
    depth = 0
    at = offset
    while at > 0:
        letter = code[at - 1]
        if letter in ")]":
            depth += 1
        elif letter in "([":
            depth -= 1
        elif depth <= 0 and letter in ";{}":
            return at
        at -= 1
    return 0


def operand_end(code, offset):
    """Where the expression that begins at `offset` ends: at its own closing bracket, comma, or statement."""
    depth = 0
    at = offset
    while at < len(code):
        letter = code[at]
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            if depth == 0:
                return at
            depth -= 1
        elif depth == 0 and (letter in ";,?" or code.startswith(("&&", "||"), at)):
            return at
        at += 1
    return at


def words_before_open_parens(code, start, offset):
    """The word before each parenthesis that is open at `offset`."""
    stack = []
    for at in range(start, offset):
        if code[at] in "([":
            word = KEYWORD_BEFORE_PAREN.search(code, max(start, at - 60), at)
            stack.append(word.group(1) if word else "")
        elif code[at] in ")]" and stack:
            stack.pop()
    return stack


def catch_blocks(code):
    for match in re.finditer(r"\bcatch\s*\(", code):
        opening = code.find("{", match.end())
        depth = 0
        for at in range(opening, len(code)):
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            if depth == 0:
                yield opening, at
                break


def operand_problem(operand):
    for brace in re.finditer(r"\{", operand):
        if not TRIVIAL_BEFORE_BRACE.search(operand[: brace.start()]):
            return "C2: a braced temporary in the operand of co_await; name it on the line before"
    if CAPTURING_LAMBDA.search(operand):
        return "C2: a capturing lambda in the operand of co_await; name it on the line before"
    if TEMPORARY.search(operand):
        return "C2: a temporary in the operand of co_await; name it on the line before"
    return None


def place_problem(code, offset, end):
    start = statement_start(code, offset)
    for word in words_before_open_parens(code, start, offset):
        if ASSERTION.fullmatch(word):
            return "C4: co_await in an assertion runs twice"
        if MACRO.fullmatch(word) and not word.startswith("SEAL_CO_TRY"):
            return "C3: co_await in the argument of a macro"
        if word in {"if", "while", "switch", "for"}:
            return "C3: co_await in a condition; give the result a name first"
    before = re.sub(r"\bauto\s*&&", "auto", code[start:offset])
    if re.search(r"&&|\|\||\?", before) or code[end : end + 2] in {"&&", "||"} or code[end : end + 1] == "?":
        return "C3: co_await beside ?: && ||; give the result a name first"
    return None


def coroutine_problems(name, text):
    if "awaitable" not in text and "co_await" not in text:
        return
    code = source_text.without_comments_and_literals(text)
    for match in CAPTURING_COROUTINE.finditer(code):
        line = source_text.line_at(code, match.start())
        yield f"{name}:{line}: C1: a lambda with captures returns awaitable; make it a named function"
    caught = list(catch_blocks(code))
    for match in re.finditer(r"\bco_await\b", code):
        end = operand_end(code, match.end())
        line = source_text.line_at(code, match.start())
        message = operand_problem(code[match.end() : end]) or place_problem(code, match.start(), end)
        if any(opening < match.start() < closing for opening, closing in caught):
            message = message or "C3: co_await in a catch block; remember the error, leave, then await"
        if message:
            yield f"{name}:{line}: {message}"
