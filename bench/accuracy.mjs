// npm run bench:accuracy -- --weights NAME|FOLDER --images FOLDER [--labels FILE] [--reference FILE.npy] [--only even|odd]
//   [--resize N] [--parallel N] [--threads N] [--state FOLDER] [--json FILE]
// Top-1, top-5, agreement with f32, mean KL divergence of the softmax and logit signal-to-noise of every precision that the
// weights hold, over a labeled folder ([{ "file", "class" }] in the order of the reference's rows); and, from the manifest,
// the layers that quantization hurts most. Logits are kept in the state folder as they come, so that an interrupted run
// goes on where it stopped. Knows the package's API only.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ResNet50 } from '../dist/index.node.js';
import { measure } from '../dist/measures.js';
import { readNpy } from './npy.mjs';

const { values: options } = parseArgs({
  options: {
    weights: { type: 'string' },
    images: { type: 'string' },
    labels: { type: 'string' },
    reference: { type: 'string' },
    parallel: { type: 'string', default: '2' },
    threads: { type: 'string', default: '1' },
    only: { type: 'string' },
    resize: { type: 'string' },
    state: { type: 'string', default: join(tmpdir(), 'resnet50-wasm-accuracy') },
    json: { type: 'string' },
  },
});
if (!options.weights || !options.images) {
  console.error('accuracy: --weights and --images are needed (see the top of bench/accuracy.mjs)');
  process.exit(2);
}

const labelFile = options.labels ?? join(options.images, 'labels.json');
const all = JSON.parse(readFileSync(labelFile, 'utf8'));
const entries = (Array.isArray(all) ? all : Object.entries(all).map(([file, label]) => ({ file, label }))).map(
  (e, row) => ({
    file: e.file ?? e[0],
    label: e.label ?? e.index ?? e.class ?? e[1],
    row,
  }),
);
const chosen = entries.filter((e) => !options.only || (options.only === 'even') === (e.row % 2 === 0));
const reference = options.reference ? readNpy(options.reference) : undefined;

/** Where a setting's logits are kept: a file a folder of weights as it is now, images and setting. */
function stateFile(precision, activationBits) {
  const manifest = join(options.weights, 'manifest.json');
  const identity = existsSync(manifest) ? readFileSync(manifest) : options.weights;
  const hash = createHash('sha256').update(identity);
  hash.update(JSON.stringify([chosen, options.images, options.resize ?? null, precision, activationBits]));
  mkdirSync(options.state, { recursive: true });
  return join(options.state, `${hash.digest('hex').slice(0, 20)}.f32`);
}

/** Logits of all chosen photos: those that are kept, then the rest, several models at a time, kept in order. */
async function logitsOf(precision, activationBits) {
  const settings = {
    ...{ weights: options.weights, precision, activationBits, threads: Number(options.threads) },
    ...(options.resize ? { transforms: { resizeSize: Number(options.resize) } } : {}),
  };
  const models = [await ResNet50.load(settings)];
  const { classes } = models[0].info();
  const file = stateFile(precision, activationBits);
  const rows = [];
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    const whole = Math.floor(bytes.length / (4 * classes));
    truncateSync(file, whole * 4 * classes);
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + whole * 4 * classes));
    for (let r = 0; r < whole; r++) rows.push(values.slice(r * classes, (r + 1) * classes));
  }
  const started = Date.now();
  const kept = rows.length;
  let next = kept;
  const waiting = new Map();
  const work = async (model) => {
    while (next < chosen.length) {
      const i = next++;
      // torchvision ignores EXIF orientation; compare like with like.
      waiting.set(i, await model.logits(join(options.images, chosen[i].file), { orientation: 'none' }));
      for (; waiting.has(rows.length); waiting.delete(rows.length - 1)) {
        const row = waiting.get(rows.length);
        appendFileSync(file, new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
        rows.push(row);
      }
      const seconds = ((Date.now() - started) / 1000 / (rows.length - kept || 1)) * (chosen.length - rows.length);
      if (process.stderr.isTTY || rows.length % 50 === 0)
        process.stderr.write(
          `${process.stderr.isTTY ? '\r' : ''}accuracy: ${precision}, ${activationBits} bits: ${rows.length}/${chosen.length}, ${Math.round(seconds)} s left ${process.stderr.isTTY ? '' : '\n'}`,
        );
    }
  };
  while (models.length < Number(options.parallel) && next < chosen.length) models.push(await ResNet50.load(settings));
  await Promise.all(models.map(work));
  if (process.stderr.isTTY) process.stderr.write('\n');
  await Promise.all(models.map((model) => model.dispose()));
  return rows;
}

const labels = chosen.map((e) => e.label);
const results = [];
const torch = reference && chosen.map((e) => reference[e.row]);
if (torch) results.push({ name: 'torchvision (reference)', ...measure(torch, labels) });
let real;
try {
  real = await logitsOf('f32', 7);
  results.push({ name: 'f32 (against the reference)', ...measure(real, labels, torch) });
} catch (error) {
  if (error.code !== 'WEIGHTS_NOT_FOUND') throw error;
  console.error('accuracy: the weights hold no f32 shards; int8 is compared with the reference');
}
for (const bits of [7, 8]) {
  const rows = await logitsOf('int8', bits);
  results.push({ name: `int8, ${bits}-bit activations (against f32)`, ...measure(rows, labels, real ?? torch) });
}
console.table(Object.fromEntries(results.map(({ name, ...rest }) => [name, rest])));
const manifestFile = join(options.weights, 'manifest.json');
const layers = existsSync(manifestFile)
  ? JSON.parse(readFileSync(manifestFile, 'utf8')).quantization?.layers
  : undefined;
if (layers) {
  const worst = Object.entries(layers).sort((a, b) => a[1] - b[1]);
  console.log(
    `Worst tensors, dB against f32 on calibration images: ${worst
      .slice(0, 8)
      .map(([name, db]) => `${name} ${db}`)
      .join(', ')}`,
  );
}
if (options.json) writeFileSync(options.json, `${JSON.stringify({ results, layers: layers ?? null }, null, 2)}\n`);
