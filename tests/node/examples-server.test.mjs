// examples/server under load on this machine: no error until it is saturated, 503 beyond, memory that stays; limits, timeouts,
// senders who leave, and an end that answers what it has taken. Twenty thousand requests: npm run bench:server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loader, serveExample, startProgram } from '../support/example.mjs';
import { until } from '../support/wait.mjs';
import { coreMissing, ROOT, scratch } from './helpers.mjs';

const skip = coreMissing();
const LIMIT = { skip, timeout: 300_000 };
const PHOTO = join(ROOT, 'tests', 'data', 'cifar10', 'horse.jpg');

async function serve(t, env = {}) {
  const settings = { WEIGHTS: 'CIFAR10_DEMO', PORT: '0', JOBS: '2', REQUEST_MS: '120000', ...env };
  const server = await serveExample((end) => t.after(end), await scratch(t), settings);
  return { ...server, classify: `${server.origin}/classify` };
}

const post = (address, body, init = {}) => fetch(address, { method: 'POST', body, ...init });
const errorOf = async (answer) => [answer.status, (await answer.json()).error.code];

async function metric(origin, name) {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const line = text.split('\n').find((line) => line.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

/** The answers by status after `amount` requests on `connections`, `overallRate` of them a second. */
async function load(address, photo, { connections, amount }) {
  const result = await (await loader())({
    url: address,
    method: 'POST',
    body: photo,
    connections,
    amount,
    timeout: 60,
  });
  const statuses = Object.fromEntries(
    Object.entries(result.statusCodeStats).map(([status, { count }]) => [status, count]),
  );
  assert.deepEqual([result.errors, result.timeouts, result.resets], [0, 0, 0], 'no connection is cut');
  return statuses;
}

test('labels, health, metrics; what is wrong with a request is said', LIMIT, async (t) => {
  const { origin, classify } = await serve(t, { MAX_BYTES: '100000', MAX_PIXELS: '100000' });
  const photo = await readFile(PHOTO);
  const { classes } = await (await post(`${classify}?topK=2`, photo)).json();
  assert.deepEqual([classes.length, classes[0].label], [2, 'horse']);
  assert.deepEqual(await (await fetch(`${origin}/health`)).json(), { status: 'ok', jobs: 2, inside: 0 });

  assert.deepEqual(await errorOf(await post(classify, 'no picture')), [415, 'NOT_AN_IMAGE']);
  assert.deepEqual(await errorOf(await post(classify, '')), [415, 'NOT_AN_IMAGE']);
  assert.deepEqual(await errorOf(await post(classify, photo.subarray(0, 700))), [400, 'TRUNCATED_IMAGE']);
  assert.deepEqual(await errorOf(await post(classify, Buffer.alloc(100_001))), [413, 'TOO_LONG']);
  const stream = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 5; i++) controller.enqueue(Buffer.alloc(30_000));
      controller.close();
    },
  });
  assert.deepEqual(await errorOf(await post(classify, stream, { duplex: 'half' })), [413, 'TOO_LONG']);
  assert.deepEqual(await errorOf(await post(`${classify}?topK=0`, photo)), [400, 'INVALID_ARGUMENT']);
  assert.deepEqual(await errorOf(await fetch(`${origin}/nothing`)), [404, 'NOT_FOUND']);
  const wrongMethod = await fetch(classify);
  assert.deepEqual([wrongMethod.status, wrongMethod.headers.get('allow')], [405, 'POST']);
  const large = await readFile(join(ROOT, 'tests', 'data', 'pictures', 'spider-web.jpg'));
  assert.deepEqual(await errorOf(await post(classify, large)), [413, 'IMAGE_TOO_LARGE']);

  assert.equal(await metric(origin, 'http_requests_total{route="classify",status="415"}'), 2);
  assert.equal(await metric(origin, 'resnet50_classify_seconds_count'), 1);
  assert.ok((await metric(origin, 'resnet50_core_memory_bytes')) > 1e7);
});

test('under load: no error until it is saturated, 503 beyond, memory that stays', LIMIT, async (t) => {
  const { origin, classify } = await serve(t, { MOST: '8', ANSWER_MS: '60000' });
  const photo = await readFile(PHOTO);
  const resident = () => metric(origin, 'process_resident_memory_bytes');
  const used = () => metric(origin, 'process_cpu_seconds_total'); // of all threads
  const begun = await used();
  const full = await load(classify, photo, { connections: 8, amount: 300 });
  assert.deepEqual(full, { 200: 300 });
  const label = ((await used()) - begun) / 300;
  const before = await resident();

  // What is refused costs next to nothing, so that the others get what they got before.
  const saturated = await used();
  const beyond = await load(classify, photo, { connections: 64, amount: 2000, overallRate: 400 });
  assert.deepEqual(Object.keys(beyond), ['200', '503']);
  const refusal = ((await used()) - saturated - label * beyond[200]) / beyond[503];
  assert.ok(refusal < label / 4, `${refusal} s of processor time for a refusal, ${label} s for labels`);
  await load(classify, photo, { connections: 8, amount: 300 });
  const grown = ((await resident()) - before) / 2 ** 20;
  assert.ok(grown < 40, `${grown} MB more after 2300 requests`);
  assert.equal(await metric(origin, 'resnet50_pictures_inside'), 0);
  const refused = await metric(origin, 'http_requests_total{route="classify",status="503"}');
  assert.equal(refused, beyond[503]);
});

test('who is too slow, leaves, or asks first', LIMIT, async (t) => {
  const { origin, classify, said } = await serve(t, { JOBS: '1', MOST: '6', REQUEST_MS: '4000', ANSWER_MS: '4000' });
  const { port } = new URL(origin);
  const photo = await readFile(PHOTO);

  // Half a picture, and no more.
  const slow = connect(port, '127.0.0.1');
  slow.write('POST /classify HTTP/1.1\r\nHost: server\r\nContent-Length: 1000\r\n\r\nhalf');
  const [reply] = await once(slow.setEncoding('latin1'), 'data');
  assert.match(reply, /^HTTP\/1.1 408 /);
  await once(slow, 'close');
  await until(async () => (await metric(origin, 'resnet50_pictures_inside')) === 0);

  // Someone leaves who was waiting: a place is free again.
  const leavers = Array.from({ length: 6 }, () => {
    const leave = new AbortController();
    const left = assert.rejects(post(classify, photo, { signal: leave.signal }), { name: 'AbortError' });
    return { leave, left };
  });
  await until(async () => (await metric(origin, 'resnet50_pictures_inside')) > 1);
  for (const { leave, left } of leavers) {
    leave.abort();
    await left;
  }
  await until(async () => (await metric(origin, 'resnet50_pictures_inside')) === 0);
  assert.equal((await post(classify, photo)).status, 200);

  // A picture that is too long is refused before it is sent to those who ask.
  const asking = request(classify, { method: 'POST', headers: { Expect: '100-continue', 'Content-Length': 2 ** 30 } });
  asking.on('continue', () => assert.fail('it was told to go on'));
  asking.on('error', () => undefined);
  asking.flushHeaders();
  const [answer] = await once(asking, 'response');
  assert.equal(answer.statusCode, 413);
  asking.destroy();
  const polite = request(classify, {
    ...{ method: 'POST', headers: { Expect: '100-continue', 'Content-Length': photo.length } },
  });
  polite.on('continue', () => polite.end(photo));
  polite.flushHeaders();
  assert.equal((await once(polite, 'response'))[0].statusCode, 200);
  assert.doesNotMatch(said(), /Error/, 'none of this is an error of the server');
});

test('what takes too long is given up', LIMIT, async (t) => {
  const { classify } = await serve(t, { JOBS: '1', MOST: '200', ANSWER_MS: '1500' });
  const photo = await readFile(PHOTO);
  for (let i = 0; i < 5; i++) await post(classify, photo); // the first ones take longer
  const answers = await Promise.all(Array.from({ length: 200 }, () => post(classify, photo)));
  const codes = new Set(
    await Promise.all(answers.map(async (one) => (one.ok ? 'OK' : (await errorOf(one)).join(' ')))),
  );
  assert.deepEqual([...codes].sort(), ['503 TOO_LATE', 'OK']);
  assert.equal(answers.find(({ status }) => status === 503).headers.get('retry-after'), '1');
});

test('SIGTERM: what was taken is answered, then it ends', LIMIT, async (t) => {
  const { child, ended, origin, classify, said } = await serve(t, { DRAIN_MS: '1000', MOST: '40', ANSWER_MS: '60000' });
  const photo = await readFile(PHOTO);
  const asked = Array.from({ length: 30 }, () => post(classify, photo));
  await until(async () => (await metric(origin, 'resnet50_pictures_inside')) > 20);
  child.kill('SIGTERM');
  await until(() => /stopping: \d+ pictures/.test(said()));
  assert.deepEqual(await errorOf(await fetch(`${origin}/health`)), [503, 'STOPPING']);
  const late = await post(classify, photo);
  assert.deepEqual([late.status, late.headers.get('connection')], [200, 'close'], 'load balancers may not know yet');
  for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200);
  assert.equal(await ended, 0);
  await assert.rejects(fetch(`${origin}/health`));
});

test('an end that nobody waits for', LIMIT, async (t) => {
  const { child, ended, origin } = await serve(t, { GRACE_MS: '500' });
  const idle = connect(new URL(origin).port, '127.0.0.1');
  idle.on('error', () => undefined);
  idle.write('POST /classify HTTP/1.1\r\nHost: server\r\nContent-Length: 1000\r\n\r\nhalf');
  await sleep(200);
  child.kill('SIGTERM');
  assert.equal(await ended, 0, 'connections are cut after a while');
  const wrong = startProgram((end) => t.after(end), process.execPath, [join(ROOT, 'examples/server/settings.mjs')], {
    env: { ...process.env, PORT: 'http' },
  });
  assert.notEqual(await wrong.ended, 0);
  assert.match(wrong.said(), /PORT=http: must be a whole number/);
});
