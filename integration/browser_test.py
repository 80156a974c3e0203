#!/usr/bin/env python3
"""A browser that we did not write follows the node at $URL: docs/examples/browser/live.html, with its EventSource and its
WebSocket. Every connection is cut once; both come back without a gap or a double. Pages of another origin get nothing.

SEALSTREAM_SCREENSHOT names a PNG file to keep what the page looked like. Exit code 77 when there is no browser.
"""

import asyncio
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER / "peers"))
import peers  # noqa: E402

URL = os.environ.get("URL", "")
PAGE = FOLDER.parent / "docs" / "examples" / "browser" / "live.html"
SECONDS_MAX = 30

FROM_ELSEWHERE = """
new Promise((done) => {
  const socket = new WebSocket(NODE.replace('http', 'ws') + '/v1/feed');
  socket.onopen = () => done('the WebSocket opened');
  socket.onerror = () => fetch(NODE + '/v1/events').then(() => done('the events were read'), () => done('refused'));
})
"""


def append(type_name):
    body = json.dumps({"type": type_name, "data": {"text": "h\u00e9llo <b>"}}).encode()
    request = urllib.request.Request(URL + "/v1/streams/deal/browser/events", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["events"][0]["position"]


class Origin:
    """Serves the page, and passes everything else on to the node: the origin that the browser knows."""

    async def start(self):
        self.writers = set()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def cut(self):
        count = len(self.writers)
        for writer in self.writers:
            writer.transport.abort()
        return count

    async def serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /live.html"):
                page = PAGE.read_bytes()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(page) + page)
                await writer.drain()
                writer.close()
                return
            host, port = URL.removeprefix("http://").split(":")
            from_node, to_node = await asyncio.open_connection(host, int(port))
            self.writers.add(writer)
            to_node.write(head)
            await asyncio.gather(self.pump(reader, to_node), self.pump(from_node, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # either side went away, or the test is over
        finally:
            self.writers.discard(writer)
            writer.close()

    @staticmethod
    async def pump(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


class Browser:
    """Speaks the DevTools protocol to one page."""

    def __init__(self, tools):
        self.tools = tools
        self.calls = 0

    async def call(self, method, **parameters):
        self.calls += 1
        await self.tools.send(json.dumps({"id": self.calls, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.tools.recv(), SECONDS_MAX))
            if answer.get("id") == self.calls:
                assert "error" not in answer, answer
                return answer["result"]

    async def evaluate(self, script):
        result = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def wait_for_positions(self, positions):
        wanted = {"socket": positions, "source": positions}
        for _ in range(SECONDS_MAX * 5):
            seen = json.loads(await self.evaluate("typeof seen === 'undefined' ? '{}' : JSON.stringify(seen)"))
            if all(len(seen.get(name, [])) >= len(positions) for name in wanted):
                break
            await asyncio.sleep(0.2)
        assert seen == wanted, (seen, wanted)


async def page_address(process, page):
    said = await asyncio.to_thread(lambda: next(line for line in process.stderr if "DevTools listening on" in line))
    port = said.rsplit(":", 1)[1].split("/")[0]
    for _ in range(100):
        targets = json.loads(await asyncio.to_thread(
            lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5).read()))
        for target in targets:
            if target["type"] == "page" and target["url"] == page:
                return target["webSocketDebuggerUrl"]
        await asyncio.sleep(0.2)
    raise AssertionError("the browser has not opened the page")


async def follow(program):
    import websockets

    origin = Origin()
    await origin.start()
    page = origin.url + "/live.html?type=BrowserOne,BrowserTwo,BrowserThree"
    positions = [await asyncio.to_thread(append, "BrowserOne")]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=1000,600",
                   "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={home}", page]
        with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            try:
                async with websockets.connect(await page_address(process, page), max_size=None) as tools:
                    browser = Browser(tools)
                    await browser.wait_for_positions(positions)
                    positions.append(await asyncio.to_thread(append, "BrowserTwo"))
                    await browser.wait_for_positions(positions)

                    assert origin.cut() >= 2
                    positions.append(await asyncio.to_thread(append, "BrowserThree"))
                    await browser.wait_for_positions(positions)
                    assert await browser.evaluate("document.getElementById('events').rows.length") == 3
                    assert await browser.evaluate("document.getElementById('count').textContent") == "3"

                    elsewhere = FROM_ELSEWHERE.replace("NODE", json.dumps(URL))
                    assert await browser.evaluate(elsewhere) == "refused"
                    if picture := os.environ.get("SEALSTREAM_SCREENSHOT"):
                        shot = await browser.call("Page.captureScreenshot")
                        pathlib.Path(picture).write_bytes(base64.b64decode(shot["data"]))
            finally:
                process.kill()


def main():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        if program is None:
            raise peers.Missing("chromium is not installed")
        peer = peers.need("websockets")
    except peers.Missing as missing:
        line = f"MISSING: browser: {missing}"
        print(line)
        peers.HOME.mkdir(parents=True, exist_ok=True)
        peers.say(line)
        return peers.EXIT_MISSING
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=SECONDS_MAX)
    peers.say("RUN " + version.stdout.strip())
    os.execv(peer.python, [peer.python, "-B", __file__, program])
    return 1


if __name__ == "__main__":
    if len(sys.argv) == 2:
        asyncio.run(follow(sys.argv[1]))
    else:
        sys.exit(main())
