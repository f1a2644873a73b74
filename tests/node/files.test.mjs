// Files that users name, whatever they are: read up to the limit and never waited for in vain, written whole or not at all.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { importSource, run, scratch, sha256 } from './helpers.mjs';

const { readBytes, readText } = await importSource('base/read.node.ts');
const { ResultFile, writeResult } = await importSource('base/write.node.ts');
const { printable, printableJson } = await importSource('base/printable.ts');
const unix = process.platform !== 'win32';
const linux = process.platform === 'linux';

/** A named pipe in a folder of its own. */
async function fifo(t) {
  const path = join(await scratch(t), 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}

test('reading: a regular file has a buffer of its own, of its own length', async (t) => {
  const path = join(await scratch(t), 'file');
  for (const length of [0, 1, 65_536, 200_001]) {
    const content = Buffer.alloc(length, 'content ');
    writeFileSync(path, content);
    const bytes = await readBytes(path, { maxBytes: length });
    assert.ok(content.equals(bytes));
    assert.equal(bytes.buffer.byteLength, length);
    if (length > 0)
      await assert.rejects(readBytes(path, { maxBytes: length - 1 }), { code: 'IMAGE_TOO_LARGE', subject: path });
  }
  for (const wrong of [join(path, 'below'), `${path}-none`, join(path, '..')]) {
    await assert.rejects(readBytes(wrong, { maxBytes: 10 }), { code: 'FILE_NOT_FOUND', subject: wrong });
  }
});

test('reading: devices and /proc have no size: the limit is counted', { skip: !linux }, async () => {
  const before = process.memoryUsage.rss();
  await assert.rejects(readBytes('/dev/zero', { maxBytes: 3_000_000 }), {
    code: 'IMAGE_TOO_LARGE',
    message: /3000000/,
  });
  await assert.rejects(readBytes('/dev/urandom', { maxBytes: 70_000 }), { code: 'IMAGE_TOO_LARGE' });
  assert.ok(process.memoryUsage.rss() - before < 64 * 2 ** 20);
  assert.equal((await readBytes('/dev/null', { maxBytes: 0 })).length, 0);
  assert.match(await readText('/proc/self/status', { maxBytes: 100_000 }), /^Name:/);
  await assert.rejects(readBytes('/proc/self/status', { maxBytes: 10 }), { code: 'IMAGE_TOO_LARGE' });
});

test('reading: pipes hold no thread, end with an abort, and give what is written into them', {
  skip: !unix,
}, async (t) => {
  const path = await fifo(t);
  const begun = performance.now();
  for (let i = 0; i < 6; i++) {
    const signal = AbortSignal.timeout(40);
    await assert.rejects(readBytes(path, { maxBytes: 10, signal }), { name: 'TimeoutError' });
  }
  assert.ok(
    (await readBytes(import.meta.filename ?? process.execPath, { maxBytes: 2 ** 30 })).length > 0,
    'others are read',
  );
  assert.ok(performance.now() - begun < 3000);
  const reading = readBytes(path, { maxBytes: 300_000 });
  const content = Buffer.alloc(300_000, 'pipe ');
  const writer = spawn('sh', ['-c', `sleep 0.1; cat > "${path}"`], { stdio: ['pipe', 'ignore', 'ignore'] });
  writer.stdin.end(content);
  assert.ok(content.equals(await reading));
  const endless = readBytes(path, { maxBytes: 100_000 });
  const zero = spawn('sh', ['-c', `cat /dev/zero > "${path}"`], { stdio: 'ignore' });
  await assert.rejects(endless, { code: 'IMAGE_TOO_LARGE' });
  await new Promise((resolve) => zero.on('close', resolve)); // the pipe was closed
});

test('writing: whole, durable, with the permissions of what was there; links are followed', {
  skip: !unix,
}, async (t) => {
  const folder = await scratch(t);
  const at = (name) => join(folder, name);
  await writeResult(at('new'), 'one');
  assert.equal(readFileSync(at('new'), 'utf8'), 'one');
  writeFileSync(at('old'), 'old', { mode: 0o640 });
  symlinkSync('old', at('link'));
  symlinkSync('link', at('link of a link'));
  symlinkSync('absent', at('dangling'));
  await writeResult(at('link of a link'), 'two');
  await writeResult(at('dangling'), 'three');
  assert.deepEqual(
    ['old', 'absent'].map((name) => readFileSync(at(name), 'utf8')),
    ['two', 'three'],
  );
  assert.equal(statSync(at('old')).mode & 0o777, 0o640);
  for (const link of ['link', 'link of a link', 'dangling']) assert.ok(lstatSync(at(link)).isSymbolicLink(), link);
  symlinkSync('loop', at('loop'));
  for (const path of [at('loop'), folder, at('none/file'), at('new/file')]) {
    await assert.rejects(writeResult(path, ''), { code: 'CANNOT_WRITE', subject: path });
  }
  await writeResult(at('made/for/it'), 'four', { folders: true });
  const name = 'n'.repeat(255);
  await writeResult(at(name), 'a name as long as names can be');
  assert.deepEqual(readdirSync(folder).sort(), [
    'absent',
    'dangling',
    'link',
    'link of a link',
    'loop',
    'made',
    'new',
    name,
    'old',
  ]);
});

test('writing: what is no regular file is written into', { skip: !linux }, async (t) => {
  await writeResult('/dev/null', 'gone');
  assert.ok(statSync('/dev/null').isCharacterDevice());
  await assert.rejects(writeResult('/dev/full', 'no room'), { code: 'CANNOT_WRITE', message: /no room left/ });
  const path = await fifo(t);
  const reader = run('cat', [path]);
  const file = await ResultFile.create(path);
  await file.write(Buffer.from('world'), 6);
  await file.write(Buffer.from('hello '), 0);
  await file.commit();
  assert.equal((await reader).stdout, 'hello world');
  assert.ok(statSync(path).isFIFO());
  const cases = { '/dev/stdout': 'pipe', '/dev/fd/1': 'pipe', '/proc/self/fd/1': 'pipe' };
  const module = join(await scratch(t), 'write.mjs');
  const { buildSync } = await import('esbuild');
  buildSync({
    entryPoints: ['web/base/write.node.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: module,
  });
  for (const out of Object.keys(cases)) {
    const script = `import { writeResult } from ${JSON.stringify(module)}; await writeResult('${out}', 'x'.repeat(300_000)); console.log('end')`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(stdout, `${'x'.repeat(300_000)}end\n`, out);
    const target = join(await scratch(t), 'redirected');
    const shell = `"$0" --input-type=module -e "$1" > "$2"`;
    assert.equal(spawnSync('sh', ['-c', shell, process.execPath, script, target]).status, 0);
    assert.equal(readFileSync(target, 'utf8'), `${'x'.repeat(300_000)}end\n`, `${out} > file`);
  }
});

test('writing: a failure leaves what was there; leftovers of killed processes go, those of living ones stay', async (t) => {
  const folder = await scratch(t);
  const at = (name) => join(folder, name);
  writeFileSync(at('result'), 'before');
  const file = await ResultFile.create(at('result'));
  const [own] = readdirSync(folder).filter((name) => name.endsWith('.tmp'));
  await file.write(Buffer.from('half'), 0);
  const host = sha256(hostname()).slice(0, 8);
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const names = {
    dead: `.resnet50-wasm-${host}-${dead}-0123abcd.tmp`,
    elsewhere: `.resnet50-wasm-00000000-${dead}-0123abcd.tmp`,
    old: `.resnet50-wasm-00000000-1-0123abce.tmp`,
    foreign: `.resnet50-wasm-notes.tmp`,
  };
  for (const name of Object.values(names)) writeFileSync(at(name), 'left');
  mkdirSync(at(`.resnet50-wasm-${host}-${dead}-0123abcf.tmp`));
  writeFileSync(at(`.resnet50-wasm-${host}-${dead}-0123abcf.tmp/file`), 'left');
  utimesSync(at(names.old), new Date(0), new Date(0));
  await writeResult(at('other'), 'x');
  assert.deepEqual(readdirSync(folder).sort(), [own, names.elsewhere, names.foreign, 'other', 'result'].sort());
  await file.abandon();
  assert.equal(readFileSync(at('result'), 'utf8'), 'before');
  assert.ok(!existsSync(at(own)));
});

test('text from outside: controls, directions and line ends are written out, all else stays', () => {
  const cases = {
    'a\x1b[2Jb': 'a\\x1b[2Jb',
    'line\nforged\r\t\0': 'line\\x0aforged\\x0d\\x09\\x00',
    '\x7f\x9b31m\x85': '\\x7f\\x9b31m\\x85',
    'txt.\u202egpj\u2066\u2069\u200f': 'txt.\\u202egpj\\u2066\\u2069\\u200f',
    'a\u2028b\u2029c\ufeff': 'a\\u2028b\\u2029c\\ufeff',
    'Gänse, 猫, 👩‍🚀, שלום': 'Gänse, 猫, 👩‍🚀, שלום',
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(printable(text), expected);
    const json = printableJson({ text }, 1);
    assert.deepEqual(JSON.parse(json), { text });
    assert.equal(printable(json.replaceAll('\n', '')), json.replaceAll('\n', ''));
  }
});
