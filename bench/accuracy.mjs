// npm run bench:accuracy -- --weights NAME|FOLDER --images FOLDER [--labels FILE] [--reference FILE.npy] [--orientation none]
//   [--only even|odd] [--threads N] [--json FILE]
// Top-1, top-5, agreement with f32, mean KL divergence of the softmax and logit signal-to-noise of every precision that the
// weights hold, over a labelled folder: a file [{ "file": ..., "label": index }] in the order of the reference's rows.
// Knows the package's API only.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ResNet50 } from '../dist/index.node.js';

const { values: options } = parseArgs({
  options: {
    weights: { type: 'string' },
    images: { type: 'string' },
    labels: { type: 'string' },
    reference: { type: 'string' },
    threads: { type: 'string', default: 'auto' },
    only: { type: 'string' },
    resize: { type: 'string' },
    json: { type: 'string' },
  },
});
if (!options.weights || !options.images) {
  console.error('accuracy: --weights and --images are needed (see the top of bench/accuracy.mjs)');
  process.exit(2);
}

/** Rows of a little-endian float32 .npy matrix. */
function readNpy(file) {
  const bytes = readFileSync(file);
  const headerBytes = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + headerBytes);
  const [, rows, columns] = /'shape': \((\d+), (\d+)\)/.exec(header).map(Number);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 10 + headerBytes), 0, rows * columns);
  return Array.from({ length: rows }, (_, r) => values.subarray(r * columns, (r + 1) * columns));
}

const argmax = (row) => row.reduce((best, v, i) => (v > row[best] ? i : best), 0);
const inTop5 = (row, label) => row.filter((v) => v > row[label]).length < 5;

function softmax(row) {
  const highest = Math.max(...row);
  const powers = Array.from(row, (v) => Math.exp(v - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / sum);
}

function divergence(reference, row) {
  const p = softmax(reference);
  const q = softmax(row);
  return p.reduce((sum, v, i) => sum + (v > 0 ? v * Math.log(v / Math.max(q[i], 1e-300)) : 0), 0);
}

/** Power of the reference's deviation from its mean over that of the difference, dB. */
function signalToNoise(references, rows) {
  let signal = 0;
  let noise = 0;
  for (const [i, reference] of references.entries()) {
    const mean = reference.reduce((a, b) => a + b, 0) / reference.length;
    for (const [k, v] of reference.entries()) {
      signal += (v - mean) ** 2;
      noise += (v - rows[i][k]) ** 2;
    }
  }
  return 10 * Math.log10(signal / noise);
}

const labelFile = options.labels ?? join(options.images, 'labels.json');
const all = JSON.parse(readFileSync(labelFile, 'utf8'));
const entries = (Array.isArray(all) ? all : Object.entries(all).map(([file, label]) => ({ file, label }))).map((e, row) => ({
  file: e.file ?? e[0],
  label: e.label ?? e.index ?? e.class ?? e[1],
  row,
}));
const chosen = entries.filter((e) => !options.only || (options.only === 'even') === (e.row % 2 === 0));
const reference = options.reference ? readNpy(options.reference) : undefined;

async function logitsOf(precision, activationBits) {
  const model = await ResNet50.load({
    weights: options.weights,
    precision,
    activationBits,
    threads: options.threads === 'auto' ? 'auto' : Number(options.threads),
    ...(options.resize ? { transforms: { resizeSize: Number(options.resize) } } : {}),
  });
  const rows = [];
  for (const [i, entry] of chosen.entries()) {
    // torchvision ignores EXIF orientation; compare like with like.
    rows.push(await model.logits(join(options.images, entry.file), { orientation: 'none' }));
    if (process.stderr.isTTY) process.stderr.write(`\r${precision} ${activationBits}-bit: ${i + 1}/${chosen.length} `);
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  await model.dispose();
  return rows;
}

const percent = (count, of) => Number(((100 * count) / of).toFixed(2));
function compare(name, rows, against) {
  const correct = rows.filter((row, i) => argmax(row) === chosen[i].label).length;
  const five = rows.filter((row, i) => inTop5(row, chosen[i].label)).length;
  const result = { name, images: rows.length, top1: percent(correct, rows.length), top5: percent(five, rows.length) };
  if (against) {
    result.agreement = percent(rows.filter((row, i) => argmax(row) === argmax(against[i])).length, rows.length);
    result.meanKl = Number((rows.reduce((sum, row, i) => sum + divergence(against[i], row), 0) / rows.length).toPrecision(3));
    result.snrDb = Number(signalToNoise(against, rows).toFixed(2));
  }
  return result;
}

const results = [];
const torch = reference && chosen.map((e) => reference[e.row]);
if (torch) results.push(compare('torchvision (reference)', torch));
let real;
try {
  real = await logitsOf('f32', 7);
  results.push(compare('f32 (against the reference)', real, torch));
} catch (error) {
  if (error.code !== 'WEIGHTS_NOT_FOUND') throw error;
  console.error(`accuracy: no f32 shards (${error.message}); int8 is compared with the reference`);
}
for (const bits of [7, 8]) {
  results.push(compare(`int8, ${bits}-bit activations (against f32)`, await logitsOf('int8', bits), real ?? torch));
}
console.table(Object.fromEntries(results.map(({ name, ...rest }) => [name, rest])));
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
