// The node at $URL and the CloudEvents SDK for JavaScript, which we did not write, understand each other: what the SDK
// sends in each mode, structured lines too, it reads back in each mode, equal. Run by `peers.py node cloudevents-js`.

const assert = require('node:assert');
const { randomUUID } = require('node:crypto');
const { test } = require('node:test');
const { CloudEvent, HTTP } = require('cloudevents');

const url = process.env.URL;
const ours = ['stream', 'sealposition', 'sealversion', 'sealtime'];

// This SDK (10.0.0) neither writes nor reads the percent-encoding of header values (HTTP binding 1.0.2, 3.1.3.2), so
// in binary mode it gets what needs none.
const anySubject = 'Euro € 😀 "100%"';
const plainSubject = 'order/17-(x)';

const sample = (more) => new CloudEvent({
  id: randomUUID(), source: '/shops/1?a=b', type: 'com.example.order.placed', subject: anySubject,
  time: '2026-01-02T03:04:05.123Z', dataschema: 'https://example.com/order.json', partitionkey: 'p', ...more });

const samples = {
  'JSON': (more) => sample({ ...more, datacontenttype: 'application/json', data: { b: [1, 2.5, null, true], a: '€' } }),
  'bytes': (more) => sample({ ...more, datacontenttype: 'application/octet-stream', data: new Uint8Array([0, 255, 13, 10, 128]) }),
  'text': (more) => sample({ ...more, datacontenttype: 'text/plain', data: 'h€llo' }),
  'another id': (more) => sample({ ...more, id: 'order-17-' + randomUUID(), datacontenttype: 'application/json', data: { a: 1 } }),
};

async function exchange(method, target, headers, body) {
  const answer = await fetch(url + target, { method, headers, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.ok(answer.ok, `${answer.status} ${bytes}`);
  return { headers: Object.fromEntries(answer.headers), body: bytes };
}

const streamOf = (name) => `/v1/streams/order/${name}/events`;

async function send(message, stream) {
  const answer = await exchange('POST', streamOf(stream), message.headers, message.body);
  return JSON.parse(answer.body).events[0];
}

// Binary data are bytes for whoever sends them, and in this SDK a Buffer or a string for who reads.
const bytesOf = (data) => typeof data === 'string' ? Buffer.from(data, 'utf8')
  : ArrayBuffer.isView(data) ? Buffer.from(data) : data;

function assertEqual(got, sent) {
  const attributes = (event) => {
    const { data, data_base64, ...rest } = event.toJSON();
    return Object.fromEntries(Object.entries(rest).filter(([name]) => !ours.includes(name)));
  };
  assert.deepStrictEqual(attributes(got), attributes(sent));
  assert.deepStrictEqual(bytesOf(got.data), bytesOf(sent.data));
}

const isText = (headers) => /json|text/.test(headers['content-type']);

async function read(place, mode) {
  const answer = await exchange('GET', `/v1/events/${place.id}?min-position=${place.position}&format=cloudevents&mode=${mode}`,
    { Prefer: 'wait=20' });
  return HTTP.toEvent({ headers: answer.headers, body: isText(answer.headers) ? answer.body.toString() : answer.body });
}

for (const [name, make] of Object.entries(samples)) {
  for (const wayIn of ['binary', 'structured']) {
    for (const wayOut of ['binary', 'structured']) {
      test(`${name}, sent ${wayIn}, read ${wayOut}`, async () => {
        const isBinary = wayIn === 'binary' || wayOut === 'binary';
        const sent = make({ subject: isBinary ? plainSubject : anySubject });
        const message = HTTP[wayIn](sent);
        assertEqual(await read(await send(message, randomUUID()), wayOut), sent);
      });
    }
  }
}

test('a batch comes back as a batch', async () => {
  const stream = randomUUID();
  const sent = Object.values(samples).map((make) => make());
  await exchange('POST', streamOf(stream), { 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify(sent));
  const answer = await exchange('GET', streamOf(stream), { accept: 'application/cloudevents-batch+json' });
  const got = HTTP.toEvent({ headers: answer.headers, body: answer.body.toString() });
  assert.strictEqual(got.length, sent.length);
  got.forEach((one, at) => assertEqual(one, sent[at]));
});

test('structured lines go in and come out', async () => {
  const stream = randomUUID();
  const sent = Object.values(samples).map((make) => make());
  const lines = sent.map((event) => HTTP.structured(event).body + '\n').join('');
  const results = await exchange('POST', streamOf(stream), { 'content-type': 'application/x-ndjson' }, lines);
  assert.match(results.body.toString(), /"appended":"4","repeated":"0","failed":"0","is_complete":true/);
  const answer = await exchange('GET', streamOf(stream) + '?format=cloudevents', { accept: 'application/x-ndjson' });
  const got = answer.body.toString().trim().split('\n').slice(0, -1) // the last is the trailer
    .map((body) => HTTP.toEvent({ headers: { 'content-type': 'application/cloudevents+json' }, body }));
  assert.strictEqual(got.length, sent.length);
  got.forEach((one, at) => assertEqual(one, sent[at]));
});
