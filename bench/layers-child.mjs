// Times the rows of our network in this process and prints them as one line of JSON: started by layers.mjs under the
// Node.js and the V8 flags that are asked for. Knows the profiling module (src/bindings/profile_module.cc).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { measureLimits } from './limits.mjs';

const { module, weights, photo, precision, threads, rounds, passes, activationBits } = JSON.parse(process.argv[2]);
const SIDE = 224;
const { default: factory } = await import(pathToFileURL(module).href);
const core = await factory({ pthreadPoolSize: threads - 1 });

function unwrap({ value, error }) {
  if (error) throw new Error(`${error.subject}: ${error.message}`);
  return value;
}

function copyIn(bytes) {
  const pointer = core.allocate(bytes.length);
  core.HEAPU8.set(bytes, pointer);
  return pointer;
}

const manifest = JSON.parse(readFileSync(join(weights, 'manifest.json'), 'utf8'));
const classes = manifest.categories.length;
const session = unwrap(core.createSession({ classes, precision, activationBits, threads, ranges: manifest.ranges }));
for (const { file, encoding } of manifest.precisions[precision].shards) {
  const stored = readFileSync(join(weights, file));
  const bytes = encoding === 'gzip' ? gunzipSync(stored) : stored;
  const pointer = copyIn(bytes);
  unwrap(core.session_loadShard(session.handle, pointer, bytes.length, file));
  core.release(pointer);
}

const tensor = new Float32Array(3 * SIDE * SIDE).map((_, i) => Math.sin(i / 7) + Math.cos(i / 1000));
const input = copyIn(new Uint8Array(tensor.buffer));
const photoBytes = readFileSync(photo);
const photoPointer = copyIn(photoBytes);
const decode = { maxPixels: 1e8, applyOrientation: true, background: null };

const times = [];
const stages = [];
let limits = {};
for (let round = 0; round < rounds; round++) {
  // Limits and passes take turns, so that a busy machine slows both; the best of each counts.
  const now = await measureLimits(threads, 150);
  limits = Object.fromEntries(Object.entries(now).map(([form, speed]) => [form, Math.max(speed, limits[form] ?? 0)]));
  for (let pass = 0; pass < passes; pass++) times.push(unwrap(core.timeRows(session, input, 1, SIDE)));
  if (precision !== 'int8') continue;
  for (let pass = 0; pass < passes; pass++) {
    stages.push(unwrap(core.timeInput(session, photoPointer, photoBytes.length, decode, manifest.transforms)));
  }
}
const result = {
  rows: core.rowsOf(session, SIDE),
  times,
  stages,
  limits,
  chosenForm: core.chosenForm(activationBits),
  node: process.version,
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
