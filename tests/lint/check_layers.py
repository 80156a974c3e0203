#!/usr/bin/env python3
"""Holds the direction of includes: who may see whose headers, and which library where.

    check_layers.py ROOT       prints file:line for each include that the table forbids

Pure rooms do no input or output; adapters do not know each other; a header that shows a library of its room's
sources is private to that room; only the wiring names concrete adapters. Standard library only.
"""

import dataclasses
import re
import sys

import source_text

LIBRARIES = {  # first part of an include path, or the whole of it
    "boost/asio": "asio",
    "boost/beast": "beast",
    "boost/json": "json",
    "boost/json.hpp": "json",
    "boost/url": "url",
    "boost/url.hpp": "url",
    "boost/system": "boost",
    "boost/assert.hpp": "boost",
    "boost/assert": "boost",
    "boost/core": "boost",
    "boost/container": "boost",
    "boost/config.hpp": "boost",
    "boost/version.hpp": "boost",
    "openssl": "openssl",
    "blake3.h": "blake3",
    "re2": "re2",
    "nats": "nats",
    "nats.h": "nats",
    "libpq-fe.h": "libpq",
    "yaml-cpp": "yaml",
    "prometheus": "prometheus",
    "CLI": "cli11",
    "catch2": "catch2",
    "zlib.h": "zlib",
}
IO_HEADERS = {"fstream", "iostream", "filesystem", "thread", "mutex", "condition_variable", "future", "cstdio"}
# A port's or an adapter's signatures need these, and they pull little in.
SIGNATURES = {"boost/asio/awaitable.hpp", "boost/asio/any_io_executor.hpp"}

CORE = ["core/base", "core/event", "core/cloudevents", "core/schema", "core/groups", "core/ports",
        "core/async", "core/retention"]


@dataclasses.dataclass
class Room:
    folder: str
    project: list  # folders whose headers it may include; its own is implied
    headers: set = dataclasses.field(default_factory=set)  # libraries that its headers may show
    sources: set = dataclasses.field(default_factory=set)  # libraries that its sources may use, besides
    is_pure: bool = False  # no files, sockets, threads or system calls
    awaitable: bool = False  # headers may use SIGNATURES


ANY = "any"
EVERY_LIBRARY = set(LIBRARIES.values())
NO_TEST_LIBRARY = EVERY_LIBRARY - {"catch2"}

# The longest folder that fits decides.
ROOMS = [
    Room("core/base", [], headers={"boost", "json"}),
    Room("core/event", ["core/base"], headers={"json"}, sources={"openssl", "blake3", "boost"}, is_pure=True),
    Room("core/cloudevents", ["core/base", "core/event"], headers={"json"}, sources={"boost", "url"}, is_pure=True),
    Room("core/schema", ["core/base", "core/event"], headers={"json"}, sources={"boost", "re2", "url"}, is_pure=True),
    Room("core/rules", ["core/base", "core/event", "core/schema"], headers={"json"}, sources={"boost"}, is_pure=True),
    Room("core/groups", ["core/base", "core/event"], sources={"json", "boost"}, is_pure=True),
    Room("core/packs", ["core/base", "core/event", "core/retention", "core/rules", "core/schema"], headers={"json"}, sources={"boost"},
         is_pure=True),
    Room("core/ports", ["core/base", "core/event", "core/groups"], awaitable=True),
    Room("core/retention", ["core/base", "core/event", "core/ports"], awaitable=True, sources={"json", "boost"}),
    Room("core/async", ["core/base"], headers={"asio", "beast", "boost"}),
    Room("core/memory", CORE, awaitable=True, sources={"asio", "boost"}),
    Room("audit", ["core/base", "core/event"], sources={"openssl", "json", "boost"}, is_pure=True),
    Room("audit/service", [*CORE, "audit"], awaitable=True,
         sources={"asio", "json", "openssl", "prometheus", "boost"}),
    Room("jetstream", CORE, awaitable=True, sources={"asio", "json", "nats", "prometheus", "boost", "openssl"}),
    Room("postgres", CORE, awaitable=True, sources={"asio", "json", "libpq", "prometheus", "boost"}),
    Room("projections", [*CORE, "core/packs", "core/rules", "core/schema", "postgres"], awaitable=True,
         sources={"asio", "json", "libpq", "prometheus", "boost"}),
    Room("reactors", [*CORE, "audit"], awaitable=True,
         sources={"asio", "beast", "json", "url", "prometheus", "boost"}),
    Room("config", ["core/base", "core/event", "core/packs", "core/rules", "core/schema"], sources={"yaml", "json", "boost"}),
    Room("node", ANY, headers=NO_TEST_LIBRARY - {"nats", "libpq", "yaml"}),
    Room("node/http",
         [*CORE, "core/packs", "core/rules", "audit", "node/feeds", "node/rules", "node/security", "node/http/openapi"],
         headers={"asio", "beast", "boost", "json", "url"}, sources={"prometheus"}),
    Room("node/http/openapi", ["core/base"], sources={"json", "yaml"}),
    Room("node/feeds", CORE, awaitable=True, sources={"asio", "json", "boost"}),
    Room("node/groups", [*CORE, "core/groups"], awaitable=True, sources={"prometheus"}),
    Room("node/rules", [*CORE, "core/packs", "core/rules"], awaitable=True, sources={"asio", "boost", "json", "prometheus"}),
    Room("node/security", CORE, awaitable=True, headers={"asio", "boost"},
         sources={"beast", "json", "openssl", "prometheus"}),
    Room("node/segments", ["core/base", "core/event"], sources={"boost", "json", "zlib"}),
    Room("node/dev", CORE, headers={"json"}, sources={"boost"}),
    Room("tests", ANY, headers=EVERY_LIBRARY),
    Room("integration", ANY, headers=EVERY_LIBRARY),
    Room("bench", ANY, headers=EVERY_LIBRARY),
]

# The files directly in node/ and the command line are the wiring; the folders in node/ have rows of their own.
ADAPTERS = ["jetstream", "postgres", "projections", "audit/service", "reactors"]
WIRING = re.compile(r"^node/([a-z_]+\.(cpp|hpp)|cli/.*)$")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def room_of(name):
    fitting = [room for room in ROOMS if name.startswith(room.folder + "/")]
    return max(fitting, key=lambda room: len(room.folder), default=None)


def library_of(include):
    """Our name of the library; "" for the standard library and the system; None when unknown."""
    parts = include.split("/")
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in LIBRARIES:
            return LIBRARIES["/".join(parts[:length])]
    if parts[0] in {"sys", "netinet", "arpa", "linux", "net"} or (len(parts) == 1 and include.endswith(".h")):
        return ""
    if len(parts) == 1 and re.fullmatch(r"[a-z0-9_]+", include):
        return ""
    return None


def check_own(room, name, include):
    target = room_of(include)
    if ".." in include.split("/"):
        return "includes go from the root of the repository, never upwards"
    if target is None:
        return f'"{include}" is in no folder of the table (or does not go from the root)'
    if target.folder == room.folder:
        return None
    if room.project == ANY:
        if room.folder == "node" and target.folder in ADAPTERS and not WIRING.match(name):
            return f"only the wiring may name {target.folder}"
        if room.folder == "node" and target.folder in {"tests", "integration", "bench"}:
            return f"{target.folder} is for tests"
        return None
    if target.folder in room.project:
        return None
    if room.folder == "config" and include.endswith("/options.hpp"):
        return None
    return f"{room.folder} may not include {target.folder}"


def check_library(room, name, include):
    library = library_of(include)
    is_header = name.endswith(".hpp")
    if library is None:
        return f"<{include}> is of a library that the table does not know"
    if library == "":
        is_io = include in IO_HEADERS or include.endswith(".h") and include not in {"stdint.h"}
        return f"{room.folder} is pure and may not use <{include}>" if room.is_pure and is_io else None
    if room.awaitable and include in SIGNATURES:
        return None
    if library == "boost" and not is_header:
        return None
    if library not in room.headers | room.sources:
        where = "headers" if is_header else "sources"
        return f"{where} of {room.folder} may not use {library} (<{include}>)"
    return None


def shows_library(room, include):
    """Whether a header with this include can not be shown outside its room."""
    library = library_of(include)
    is_signature = room.awaitable and include in SIGNATURES
    return library and not is_signature and library not in room.headers


def private_headers(texts):
    """Headers that show a library of their room's sources, themselves or through a private header."""
    includes = {name: INCLUDE.findall(text) for name, text in texts.items() if name.endswith(".hpp")}
    private = set()
    while True:
        more = {
            name
            for name, found in includes.items()
            if name not in private
            and room_of(name)
            and any(own in private or (foreign and shows_library(room_of(name), foreign)) for own, foreign in found)
        }
        if not more:
            return private
        private |= more


def problems_in(root):
    problems = []
    texts = {name: source_text.read_text(path) for name, path in source_text.cpp_files(root)}
    private = private_headers(texts)
    for name, text in texts.items():
        room = room_of(name)
        if room is None:
            problems.append(f"{name}:1: this folder has no row in the table of check_layers.py")
            continue
        for match in INCLUDE.finditer(text):
            own, foreign = match.groups()
            message = check_own(room, name, own) if own else check_library(room, name, foreign)
            is_elsewhere = own in private and room_of(own).folder != room.folder
            if not message and is_elsewhere and room.folder not in {"tests", "integration", "bench"}:
                message = f"{own} is private to {room_of(own).folder}: it shows a library of its sources"
            if message:
                problems.append(f"{name}:{source_text.line_at(text, match.start(0))}: {message}")
    return problems


if __name__ == "__main__":
    sys.exit(source_text.report(problems_in(sys.argv[1]), "layers"))
