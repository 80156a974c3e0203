#!/usr/bin/env python3
"""Live subscribers of one node: latency over each transport, and what a subscriber costs of its memory.

    with_ledger -- python3 bench/feed_bench.py FEED_LOAD [--subscribers N] [--slow N] [--rate N] [--seconds S] [--json]

FEED_LOAD is the program of this folder. It, the node and the servers share the machine; the head line says how busy
that was before. Memory is the node's resident set with all subscribers following, less the one before, divided. With
--slow as many more follow the whole ledger and read nothing; start the node with a short http.write_ms to see them cut.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

P99_US_MAX = 10_000  # DESIGN's bound with 1,000 subscribers at 10,000 events/s

def node_process(port):
    """Who listens on the port: the kernel's table names a socket, and a process has it open."""
    for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and int(fields[1].split(":")[1], 16) == port:
            wanted = f"socket:[{fields[9]}]"
            for link in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
                try:
                    if os.readlink(link) == wanted:
                        return int(link.parts[2])
                except OSError:
                    continue
    raise SystemExit(f"nobody listens on port {port}")


def resident_bytes(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def most_resident_bytes(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def slow_readers(port, count):
    readers = []
    for _ in range(count):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", port))
        reader.sendall(b"GET /v1/feed HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n")
        readers.append(reader)
    return readers


def cut_for_slowness():
    with urllib.request.urlopen(os.environ["ADMIN_URL"] + "/metrics") as page:
        rows = re.findall(r'^sealstream_subscriber_disconnects_total\{reason="slow".*\} (\d+)', page.read().decode(), re.MULTILINE)
    return sum(int(row) for row in rows)


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(options, transport, port, process):
    before = resident_bytes(process)
    with tempfile.TemporaryDirectory() as folder:
        hold = pathlib.Path(folder) / "hold"
        load = subprocess.Popen([options.feed_load, "--port", str(port), "--subscribers", str(options.subscribers), "--rate",
                                 str(options.rate), "--streams", str(options.subscribers), "--seconds", str(options.seconds),
                                 "--transport", transport, "--hold", str(hold), "--json"], stdout=subprocess.PIPE, text=True)
        while not hold.exists() and load.poll() is None:
            time.sleep(0.02)
        following = resident_bytes(process)
        began = cpu_seconds(process)
        hold.unlink(missing_ok=True)
        rows = [json.loads(line) for line in load.communicate()[0].splitlines()]
    for row in rows:
        row["bytes_per_subscriber"] = max(0, following - before) // options.subscribers
        row["node_cores"] = round((cpu_seconds(process) - began) / options.seconds, 2)
    return rows


def print_row(row, is_json):
    """In the form of the other benchmarks: the bound is the baseline, so a ratio below 1 keeps it."""
    name = f"append to {row['transport']}, p99 (10 ms)"
    value, ratio = row["p99_us"], row["p99_us"] / P99_US_MAX
    if is_json:
        print(json.dumps({"name": name, "value": value, "unit": "us", "baseline": P99_US_MAX, "ratio": round(ratio, 3),
                          "target": 1, **{key: row[key] for key in row if key != "name"}}))
        return
    print(f"{name:50} {value:12.0f} {'us':9} {P99_US_MAX:12} {ratio:7.2f} {1:7.2f}")
    print(f"    p50 {row['p50_us'] / 1000:.1f} ms, p90 {row['p90_us'] / 1000:.1f}, p99.9 {row['p999_us'] / 1000:.1f} at "
          f"{row['appends_per_second']:.0f} appends/s ({row['late']} late, {row['failed']} failed); "
          f"{row['bytes_per_subscriber']} bytes a subscriber, node at {row['node_cores']} cores")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("feed_load")
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--slow", type=int, default=0)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    port = urllib.parse.urlsplit(os.environ["URL"]).port
    process = node_process(port)
    if not options.json:
        print(f"\n{options.subscribers} live subscribers, {options.rate} appends/s wanted, {os.cpu_count()} cores, "
              f"load {os.getloadavg()[0]:.1f} before")
    readers = []
    for transport in ("sse", "ndjson", "websocket"):
        readers += slow_readers(port, options.slow)
        for row in measure(options, transport, port, process):
            print_row(row, options.json)
        if options.slow and not options.json:
            print(f"    {len(readers)} slow readers so far, {cut_for_slowness()} cut; the node had at most "
                  f"{most_resident_bytes(process) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
