// A variant takes the place of another in one step: killed at each system call that changes something on disk, it leaves the
// old one or the new one, and the next try succeeds and sweeps.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildSync } from 'esbuild';
import { importSource, makeVariant, ROOT, run, scratch, sha256 } from './helpers.mjs';

const { readInstalled, readShards, replaceVariant } = await importSource('convert/replace-folder.ts');
const { locked } = await importSource('base/lock.node.ts');

/** Three variants that share some shards: the first and third by name and content, others by name only. */
function variants() {
  const old = makeVariant('old', { shards: 4, bytes: 9000 });
  const next = makeVariant('next', { shards: 3, bytes: 9000 });
  const [first] = old.files.keys();
  next.files.set(first, old.files.get(first));
  next.manifest.precisions.int8.shards[0] = old.manifest.precisions.int8.shards[0];
  return { old, next };
}

const install = (out, { manifest, files }) => replaceVariant(out, manifest, files);

/** Names and hashes of what is in a folder. */
const content = (folder) =>
  readdirSync(folder)
    .sort()
    .map((name) => [name, sha256(readFileSync(join(folder, name)))]);

/** The name of the variant that is there whole; undefined if there is none. Throws for one that is broken. */
async function wholeVariant(folder) {
  const installed = await readInstalled(folder);
  if (installed === undefined) return undefined;
  assert.ok(await readShards(folder, installed.manifest, ['int8']), `${installed.manifest.name} is broken`);
  return installed.manifest.name;
}

test('replaced: exactly the new files under their own names, the same bytes as a folder that is new', async (t) => {
  const folder = await scratch(t);
  const { old, next } = variants();
  const [out, fresh] = [join(folder, 'a', 'out'), join(folder, 'fresh')];
  await install(out, old);
  assert.equal(await wholeVariant(out), 'old');
  await install(out, next);
  await install(fresh, next);
  assert.deepEqual(content(out), content(fresh));
  await install(out, next);
  assert.deepEqual(content(out), content(fresh));
  mkdirSync(join(folder, 'empty'));
  await install(join(folder, 'empty'), old);
  assert.equal(await wholeVariant(join(folder, 'empty')), 'old');
  assert.deepEqual(readdirSync(folder).sort(), ['a', 'empty', 'fresh']);
});

test('what is damaged or incomplete is found out and mended', async (t) => {
  const out = join(await scratch(t), 'out');
  const { old } = variants();
  const shard = join(out, 'resnet50-int8-02.safetensors');
  const damage = {
    'a shard is missing': () => rmSync(shard),
    'a shard is cut off': () => writeFileSync(shard, readFileSync(shard).subarray(0, 100)),
    'a bit is flipped': () => writeFileSync(shard, Buffer.from(readFileSync(shard)).fill(1, 50, 51)),
    'a shard is longer': () => writeFileSync(shard, Buffer.concat([readFileSync(shard), Buffer.alloc(1)])),
    'the manifest is cut off': () => writeFileSync(join(out, 'manifest.json'), '{"format": "resnet'),
    'the manifest is missing': () => rmSync(join(out, 'manifest.json')),
  };
  for (const [what, harm] of Object.entries(damage)) {
    await install(out, old);
    const good = content(out);
    harm();
    assert.notEqual(await wholeVariant(out).catch(() => 'broken'), 'old', what);
    await install(out, old);
    assert.deepEqual(content(out), good, what);
  }
});

test('files of others stay: they are named, and nothing is written', async (t) => {
  const folder = await scratch(t);
  const { old } = variants();
  const cases = { 'photo.jpg': 'x', 'manifest.json': '{ "name": "a web application", "icons": [] }' };
  for (const [name, text] of Object.entries(cases)) {
    const out = join(folder, name.replace('.', '-'));
    mkdirSync(out);
    writeFileSync(join(out, name), text);
    await assert.rejects(install(out, old), { code: 'INVALID_ARGUMENT', message: new RegExp(`holds.*${name}`) });
    assert.deepEqual(readdirSync(out), [name]);
  }
  writeFileSync(join(folder, 'file'), '');
  for (const out of [join(folder, 'file'), join(folder, 'file', 'below')]) {
    await assert.rejects(install(out, old), { code: 'CANNOT_WRITE', subject: out, message: /is a file/ });
  }
});

test('two at a time take turns', async (t) => {
  const out = join(await scratch(t), 'out');
  const { old, next } = variants();
  for (let round = 0; round < 5; round++) {
    await Promise.all([install(out, old), install(out, next), install(out, old)]);
    assert.ok(['old', 'next'].includes(await wholeVariant(out)));
  }
  const order = [];
  const work = (name, ms) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, ms));
    order.push(`${name} ends`);
  };
  let waits = 0;
  const first = locked('subject', work('first', 300));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const aborted = locked('subject', work('never', 0), { signal: AbortSignal.timeout(50) });
  const second = locked('subject', work('second', 0), { onWait: () => waits++ });
  await assert.rejects(aborted, { name: 'TimeoutError' });
  await Promise.all([first, second, locked('another', work('other', 0))]);
  assert.deepEqual(order, ['first begins', 'other begins', 'other ends', 'first ends', 'second begins', 'second ends']);
  assert.equal(waits, 1);
});

test('a process that is killed gives its lock back', async (t) => {
  const folder = await scratch(t);
  const module = join(folder, 'lock.mjs');
  buildSync({
    entryPoints: [join(ROOT, 'web/base/lock.node.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: module,
  });
  const script = `import { locked } from ${JSON.stringify(module)}; await locked('killed', () => new Promise(() => process.kill(process.pid, 'SIGKILL')))`;
  const { signal } = await run(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(signal, 'SIGKILL');
  let waits = 0;
  await locked('killed', async () => undefined, { onWait: () => waits++ });
  assert.equal(waits, 0);
});

/** System calls that change something on disk, as libuv makes them. */
const CHANGES = ['pwrite64', 'rename', 'link', 'unlink', 'rmdir', 'mkdir', 'fsync', 'fchmod'];
const noStrace = spawnSync('strace', ['-V']).status !== 0 && 'strace is not installed';

test('killed at every system call that changes something', { skip: noStrace }, async (t) => {
  const folder = await scratch(t);
  const { old, next } = variants();
  const module = join(folder, 'replace.mjs');
  const source = join(ROOT, 'web/convert/replace-folder.ts');
  buildSync({ entryPoints: [source], bundle: true, platform: 'node', format: 'esm', outfile: module });
  const saved = join(folder, 'next.json');
  const files = [...next.files].map(([name, bytes]) => [name, bytes.toString('base64')]);
  writeFileSync(saved, JSON.stringify({ manifest: next.manifest, files }));
  const program = join(folder, 'program.mjs');
  writeFileSync(
    program,
    `import { readFileSync } from 'node:fs';
import { replaceVariant } from './replace.mjs';
const { manifest, files } = JSON.parse(readFileSync(${JSON.stringify(saved)}, 'utf8'));
await replaceVariant(process.argv[2], manifest, new Map(files.map(([name, text]) => [name, Buffer.from(text, 'base64')])));`,
  );
  const [oldFolder, fresh] = [join(folder, 'old'), join(folder, 'fresh')];
  await install(oldFolder, old);
  await install(fresh, next);
  /** Replaces in a process that is killed at the n-th call; true if it was. */
  const killed = async (before, call, n) => {
    const base = join(folder, 'disk');
    const out = join(base, 'out');
    rmSync(base, { recursive: true, force: true });
    mkdirSync(base);
    if (before) cpSync(oldFolder, out, { recursive: true });
    const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${n}`];
    const args = ['-f', '-qq', '-o', '/dev/null', ...inject, process.execPath, program, out];
    // strace counts by thread: all of these calls come from one.
    const { signal, status, stderr } = await run('strace', args, { env: { UV_THREADPOOL_SIZE: '1' } });
    assert.ok(signal === 'SIGKILL' || status === 0, stderr);
    const found = existsSync(out) ? await wholeVariant(out) : undefined;
    assert.ok([before, 'next'].includes(found), `${call} ${n}: ${found}`);
    await install(out, next);
    assert.deepEqual(content(out), content(fresh), `after ${call} ${n}`);
    assert.deepEqual(readdirSync(base), ['out'], `after ${call} ${n}: leftovers`);
    return signal === 'SIGKILL' && found;
  };
  for (const before of ['old', undefined]) {
    const found = [];
    for (const call of CHANGES) {
      for (let n = 1; ; n++) {
        const left = await killed(before, call, n);
        if (left === false) break;
        found.push(left);
      }
    }
    t.diagnostic(`${before ?? 'no folder'}: killed at each of ${found.length} system calls`);
    assert.ok(found.length > 15, `${found.length} kills`);
    assert.deepEqual(new Set(found), new Set([before, 'next']));
  }
});
