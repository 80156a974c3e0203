#!/usr/bin/env python3
"""The fold of a pack is edited while a node runs and clients append: the tables are built anew beside the old ones from
every event, and swapped; a fold that is wrong changes nothing.

Starts `sealstream dev` below a temporary folder, which looks at the files of its packs.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

BINARY = os.environ["SEALSTREAM_BINARY"]
PATIENCE = 90
EXIT_UNEXPECTED = 1
EXIT_SKIPPED = 77


class Dev:
    def __init__(self, folder):
        self.url = ""
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [BINARY, "dev", "--data", str(folder / "data"), "--set", f"packs.enabled={folder / 'shop'}=/shop"],
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        self.url = self.until("no URL is told", self.told_url)

    def told_url(self):
        found = re.search(r"http://127\.0\.0\.1:\d+", pathlib.Path(self.log.name).read_text())
        return found and found[0]

    def ask(self, method, target, body=None):
        """Status and JSON; 0 while nobody answers."""
        request = urllib.request.Request(self.url + target, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"{}")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, {}

    def until(self, what, condition):
        deadline = time.monotonic() + PATIENCE
        while True:
            found = condition()
            if found:
                return found
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.fail(what)
            time.sleep(0.05)

    def fail(self, what):
        self.log.flush()
        words = pathlib.Path(self.log.name).read_text()
        if "unsupported" in words and self.process.poll() == EXIT_UNEXPECTED:
            print("SKIPPED: " + words.strip().splitlines()[-1])
            sys.exit(EXIT_SKIPPED)
        print(f"{what}\n{self.ask('GET', '/v1/projections')}\n{words[-4000:]}")
        sys.exit(1)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)


class Client(threading.Thread):
    """Appends items without a pause, until it is told to stop."""

    def __init__(self, dev):
        super().__init__()
        self.dev, self.is_done, self.titles, self.refused = dev, False, [], []

    def run(self):
        while not self.is_done:
            title = f"item {len(self.titles)}"
            status, answer = self.dev.ask("POST", "/shop/items", {"title": title})
            if status == 201:
                self.titles.append(title)
            else:
                self.refused.append((status, answer))
            time.sleep(0.005)


def edit(file, *pairs):
    text = file.read_text()
    for old, new in pairs:
        assert old in text, (file, old)
        text = text.replace(old, new)
    file.write_text(text)


def all_items(dev):
    items, after = [], ""
    while True:
        status, page = dev.ask("GET", "/shop/items" + (f"?after={after}" if after else ""))
        if status != 200:
            # The routes are the new ones at once; the tables follow.
            assert (status, page.get("code")) == (503, "projection_missing"), (status, page)
            return None
        items += page["items"]
        if not page["next"]:
            return items
        after = page["next"]


def shouted(dev):
    """All items in the new form; None while it is not served."""
    items = all_items(dev)
    return items if items and all("loud" in item for item in items) else None


def main():
    with tempfile.TemporaryDirectory(prefix="sealstream-reload-") as name:
        folder = pathlib.Path(name)
        made = subprocess.run([BINARY, "pack", "new", str(folder / "shop")], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        dev = Dev(folder)
        try:
            reload(dev, folder / "shop")
        finally:
            dev.stop()


def reload(dev, shop):
    dev.until("the tables are not made", lambda: dev.ask("GET", "/shop/items")[0] == 200)
    client = Client(dev)
    client.start()
    try:
        dev.until("nothing was appended", lambda: len(client.titles) > 20)
        # Another fold and another table, under the next version.
        edit(shop / "tables.sql", ("title text,", "title text,\n    loud text,"))
        edit(shop / "apply.sql", ("(id, title,", "(id, loud, title,"), ("SELECT stream_id,", "SELECT stream_id,\n"
             "       upper((array_agg(data->>'title' ORDER BY position DESC) FILTER (WHERE data ? 'title'))[1]),"),
             ("SET title =", "SET loud = coalesce(EXCLUDED.loud, old.loud), title ="))
        edit(shop / "pack.yaml", ("version: 1", "version: 2"), ("{tables: tables.sql,", "{version: 2, tables: tables.sql,"),
             ("SELECT id, title, changed FROM", "SELECT id, title, loud, changed FROM"))
        dev.until("the new form is not served", lambda: shouted(dev))
        before = len(client.titles)
        dev.until("appends have ended", lambda: len(client.titles) > before + 20)
        # One that is wrong is told, and what was there goes on.
        good = (shop / "apply.sql").read_text()
        edit(shop / "apply.sql", ("upper(", "upper(now()::text || "))
        dev.until("the fault is not told", lambda: "now" in pathlib.Path(dev.log.name).read_text())
        before = len(client.titles)
        dev.until("appends have ended", lambda: len(client.titles) > before + 20)
        (shop / "apply.sql").write_text(good)
    finally:
        client.is_done = True
        client.join()
    # Every event of before, of meanwhile and of after, once.
    found = dev.until("items are missing", lambda: (lambda items: items and len(items) >= len(client.titles) and items)(
        shouted(dev)))
    titles = sorted(item["title"] for item in found)
    assert titles == sorted(client.titles), (len(titles), len(client.titles))
    assert all(item["loud"] == item["title"].upper() for item in found)
    assert not client.refused, client.refused[:3]
    versions = dev.ask("GET", "/v1/projections/shop")[1]["versions"]
    assert {version["state"] for version in versions if version["version"] == 2} == {"active"}, versions
    print(f"{len(titles)} items, all in the new form; versions {versions}")


main()
