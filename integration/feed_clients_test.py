#!/usr/bin/env python3
"""Clients that we did not write follow the ledger. Browsers are in browser_test.py.

    feed_clients_test.py CLIENT     curl, websockets, eventsource or nats-py; asks the node at $URL

Exit code 77 when the client cannot be had.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import peers  # noqa: E402

URL = os.environ["URL"]
SECONDS_MAX = 60

WEBSOCKETS = """
import asyncio, json, sys, urllib.request, websockets

url = sys.argv[1]

def append(type):
    body = json.dumps({"type": type, "data": {"text": "h\\u00e9llo"}}).encode()
    request = urllib.request.Request(url + "/v1/streams/deal/ws/events", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=20).read()

async def main():
    socket = "ws" + url[4:]
    async with websockets.connect(socket + "/v1/feed?after=0&credit=2&type=Socket*") as feed:
        frames = [json.loads(await asyncio.wait_for(feed.recv(), 20))]
        while frames[-1]["type"] != "caught-up":
            await feed.send(json.dumps({"type": "ack", "cursor": frames[-1]["cursor"]}))
            frames.append(json.loads(await asyncio.wait_for(feed.recv(), 20)))
        assert [frame["event"]["type"] for frame in frames[:-1]] == ["SocketOne", "SocketTwo", "SocketTwo"], frames
        assert frames[0]["event"]["data"]["text"] == "h\\u00e9llo"
        pong = await feed.ping()
        await asyncio.wait_for(pong, 20)
        append("SocketThree")
        live = json.loads(await asyncio.wait_for(feed.recv(), 20))
        assert live["event"]["type"] == "SocketThree", live
    assert feed.close_code == 1000, feed.close_code
    async with websockets.connect(socket + "/v1/feed?after=head") as feed:
        await feed.send("nonsense")
        try:
            while True:
                await asyncio.wait_for(feed.recv(), 20)
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd.code == 1008, closed
            assert json.loads(closed.rcvd.reason)["code"] == "bad_command", closed
    async with websockets.connect(socket + "/ws/events?event_types=SocketTwo") as events:
        replayed = [json.loads(await asyncio.wait_for(events.recv(), 20)) for _ in range(2)]
        assert [event["event_type"] for event in replayed] == ["SocketTwo"] * 2, replayed
        assert replayed[0]["aggregate_type"] == "deal" and replayed[0]["version"] == 2, replayed
    try:
        await websockets.connect(socket + "/v1/feed", additional_headers={"Origin": "https://evil.example"})
        raise SystemExit("a page of another host was let in")
    except websockets.InvalidStatus as refused:
        assert refused.response.status_code == 401  # it is not the user of this machine

for type in ["SocketOne", "SocketTwo", "SocketTwo"]:
    append(type)
asyncio.run(main())
print("good")
"""

EVENTSOURCE = """
const { EventSource } = require('eventsource');
const url = process.argv[2];
const seen = [];
const fail = setTimeout(() => { console.log('late', seen); process.exit(1); }, 20000);
const append = (type) => fetch(url + '/v1/streams/deal/es/events', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ type }) });

append('SourceOne').then(() => append('SourceTwo')).then(() => {
  const source = new EventSource(url + '/v1/feed?type=Source*');
  source.addEventListener('caught-up', () => append('SourceThree'));
  for (const type of ['SourceOne', 'SourceTwo', 'SourceThree']) {
    source.addEventListener(type, (event) => {
      seen.push([event.type, event.lastEventId === JSON.parse(event.data).position]);
      if (type === 'SourceThree') {
        clearTimeout(fail);
        source.close();
        console.log(JSON.stringify(seen));
      }
    });
  }
});
"""

NATS = """
import asyncio, json, sys, nats

async def main():
    connection = await nats.connect(sys.argv[1])
    log = connection.jetstream()
    wanted = json.loads(sys.argv[2])
    info = await log.stream_info("EV_main")
    assert info.state.last_seq >= int(wanted["position"]), info
    # Straight from the log: the message at an event's position is its record, canonical JSON.
    message = await log.get_msg("EV_main", int(wanted["position"]))
    record = json.loads(message.data)
    for name in ("id", "type", "stream", "data"):
        assert record[name] == wanted[name], (name, record, wanted)
    assert str(record["version"]) == wanted["version"], record
    assert message.subject.startswith("ev.main.deal."), message.subject
    # And as a consumer from the beginning: positions are sequences, without a hole.
    pull = await log.pull_subscribe("ev.main.>", stream="EV_main")
    positions = [one.metadata.sequence.stream for one in await pull.fetch(int(wanted["position"]), timeout=20)]
    assert positions == list(range(1, len(positions) + 1)), positions
    await connection.close()
    print("good")

asyncio.run(main())
"""


def say(line):
    print(line)
    peers.HOME.mkdir(parents=True, exist_ok=True)
    peers.say(line)


def append(type_name, data):
    body = json.dumps({"type": type_name, "data": data}).encode()
    request = urllib.request.Request(URL + "/v1/streams/deal/one/events", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["events"][0]


def run(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX, env=environment)
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(1)
    return done.stdout


def expect(is_so, what):
    if not is_so:
        print("FAULT:", what)
        sys.exit(1)


def curl():
    if shutil.which("curl") is None:
        say("MISSING: curl is not installed")
        return peers.EXIT_MISSING
    say("RUN curl " + run(["curl", "--version"]).split()[1])
    append("Curled", {"n": 1})
    follow = ["curl", "-sN", "--max-time", "2"]  # ends by its own clock: exit code 28
    feed = subprocess.run([*follow, URL + "/v1/feed"], capture_output=True, text=True, check=False, timeout=SECONDS_MAX).stdout
    expect("event: Curled\ndata: {" in feed and "event: caught-up" in feed, feed)
    lines = subprocess.run([*follow, "-H", "Accept: application/x-ndjson", URL + "/v1/feed?type=Curled"],
                           capture_output=True, text=True, check=False, timeout=SECONDS_MAX).stdout.splitlines()
    expect([json.loads(line)["type"] for line in lines] == ["event", "caught-up"], lines)
    page = json.loads(run(["curl", "-sf", URL + "/events?since=0&wait=0&type=Curled"]))
    expect(len(page["events"]) == 1, page)
    return 0


def websockets():
    peer = peers.need("websockets")
    expect("good" in run([peer.python, "-c", WEBSOCKETS, URL]), "no word of success")
    return 0


def eventsource():
    peer = peers.need("eventsource")
    with tempfile.NamedTemporaryFile("w", suffix=".js") as script:
        script.write(EVENTSOURCE)
        script.flush()
        seen = json.loads(run(["node", script.name, URL], peer.environment()))
    expect(seen == [["SourceOne", True], ["SourceTwo", True], ["SourceThree", True]], seen)
    return 0


def nats():
    peer = peers.need("nats-py")
    placed = append("ReadByNats", {"amount": 5})
    with urllib.request.urlopen(URL + "/v1/feed?after=0", timeout=20) as feed:
        for line in feed:
            if line.startswith(b"data: ") and placed["id"].encode() in line:
                event = json.loads(line[6:])
                break
    expect("good" in run([peer.python, "-c", NATS, os.environ["NATS_URL"], json.dumps(event)]), "no word of success")
    return 0


CLIENTS = {"curl": curl, "websockets": websockets, "eventsource": eventsource, "nats-py": nats}


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in CLIENTS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return CLIENTS[arguments[0]]()
    except peers.Missing as missing:
        print(f"MISSING: {arguments[0]}: {missing}")
        return peers.EXIT_MISSING


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
