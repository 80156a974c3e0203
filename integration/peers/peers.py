#!/usr/bin/env python3
"""Test peers: programs and libraries that we did not write, brought in to test against.

    peers.py list              every peer with its version
    peers.py need NAME         installs it when it is not there yet, prints its folder
    peers.py python NAME …     runs the rest with the Python of a Python peer
    peers.py node NAME …       runs the rest with node, where the modules of an npm peer are found
    peers.py report            what the last run of the tests used, and what it had to do without

Each peer has a folder of its own below .build/peers, named by its version, made by the ordinary client (pip in a
virtual environment, npm with a prefix) when it is first needed. What cannot be had is said, with the reason: a line
MISSING and exit code 77, which ctest counts as skipped.

From Python:  peer = peers.need("websockets"); subprocess.run([peer.python, …])   raises peers.Missing
Standard library only.
"""

import dataclasses
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / ".build" / "peers"
REPORT = HOME / "report"
EXIT_MISSING = 77
INSTALL_SECONDS_MAX = 120  # less than the tests may take: what can not be had is MISSING, and no failure
REASON_LETTERS_MAX = 160

# name: (client, package, version). A version is raised by hand, with the tests that use it.
PEERS = {
    "schemathesis": ("pip", "schemathesis", "4.32.5"),
    "openapi-spec-validator": ("pip", "openapi-spec-validator", "0.9.0"),
    "redocly": ("npm", "@redocly/cli", "2.77.0"),
    "asyncapi-parser": ("npm", "@asyncapi/parser", "3.6.3"),
    "cloudevents": ("pip", "cloudevents", "2.2.0"),
    "cloudevents-js": ("npm", "cloudevents", "10.0.0"),
    "websockets": ("pip", "websockets", "17.4"),
    "eventsource": ("npm", "eventsource", "3.0.7"),
    "nats-py": ("pip", "nats-py", "2.16.0"),
    "httpx": ("pip", "httpx", "0.28.1"),
    "message-db": ("npm", "@eventide/message-db", "1.3.1"),
}


class Missing(Exception):
    """The peer cannot be had; the text says why, in one line."""


@dataclasses.dataclass
class Peer:
    name: str
    client: str
    package: str
    version: str

    @property
    def folder(self):
        return HOME / f"{self.name}-{self.version}"

    @property
    def python(self):
        return str(self.folder / "bin" / "python")

    @property
    def modules(self):
        """Where an npm peer's packages are."""
        return self.folder / "node_modules"

    @property
    def module(self):
        return self.modules / self.package

    def environment(self):
        """For node: its modules are found from anywhere."""
        return {**os.environ, "NODE_PATH": str(self.modules)}


def need(name):
    """The peer, installed. Says RUN or MISSING into the report."""
    peer = Peer(name, *PEERS[name])
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if not (peer.folder / "complete").exists():
                install(peer)
        except Missing as missing:
            say(f"MISSING: {name} {peer.version}: {missing}")
            raise
    say(f"RUN {name} {peer.version}")
    return peer


def say(line):
    """One line for the report of the run, once."""
    known = REPORT.read_text(encoding="utf-8").splitlines() if REPORT.exists() else []
    if line not in known:
        with open(REPORT, "a", encoding="utf-8") as report:
            report.write(line + "\n")


def install(peer):
    shutil.rmtree(peer.folder, ignore_errors=True)
    peer.folder.mkdir(parents=True)
    if peer.client == "pip":
        run([sys.executable, "-m", "venv", str(peer.folder)], "python3-venv is not installed")
        run([peer.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             f"{peer.package}=={peer.version}"])
    else:
        if shutil.which("npm") is None:
            raise Missing("npm is not installed")
        run(["npm", "install", "--loglevel=error", "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts",
             "--engine-strict", "--prefix", str(peer.folder), f"{peer.package}@{peer.version}"])
    (peer.folder / "complete").write_text("installed\n", encoding="utf-8")


def run(command, known_reason=None):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS_MAX)
    except subprocess.TimeoutExpired as late:
        raise Missing(f"{command[0]} took longer than {INSTALL_SECONDS_MAX} s") from late
    if done.returncode != 0:
        said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        wrong = [line for line in said if "error" in line.lower()] or said[-1:]
        raise Missing(known_reason or " ".join(wrong[:2])[:REASON_LETTERS_MAX] or f"exit code {done.returncode}")


def report_lines():
    return sorted(REPORT.read_text(encoding="utf-8").splitlines()) if REPORT.exists() else []


def main(arguments):
    if arguments == ["list"]:
        for name, (client, package, version) in PEERS.items():
            print(f"{name:24} {client} {package} {version}")
        return 0
    if arguments == ["report"]:
        print("\n".join(report_lines()))
        return 0
    if len(arguments) < 2 or arguments[0] not in {"need", "python", "node"} or arguments[1] not in PEERS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        peer = need(arguments[1])
    except Missing as missing:
        print(f"MISSING: {arguments[1]}: {missing}")
        return EXIT_MISSING
    if arguments[0] == "need":
        print(peer.folder)
        return 0
    sys.stdout.flush()
    program = peer.python if arguments[0] == "python" else shutil.which("node")
    os.execve(program, [program, *arguments[2:]], peer.environment())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
