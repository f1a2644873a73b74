// npm run bench:layers [-- --flavour F] [--threads N] [--precision P] [--bits 7|8] [--weights FOLDER] [--no-vnni]
//   [--revectorize] [--rounds N] [--json FILE]
// A row for every operator of our network: milliseconds, GMAC/s and share of the limit (limits.mjs) that this machine
// reaches in the same run; then the same summed by kind of layer, and the stages between a photo and the network.
// Builds the profiling module of the flavour if it is not current, so it can be used while kernels are tuned.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LIMIT_OF, REVECTORIZE } from './limits.mjs';
import { onePhoto, ourWeights } from './models.mjs';
import {
  BenchError,
  buildProfile,
  groupBy,
  lowest,
  median,
  newestNode,
  noVnni,
  processor,
  root,
  run,
  tableLines,
} from './tools.mjs';

const { values: options } = parseArgs({
  options: {
    flavour: { type: 'string' },
    threads: { type: 'string', default: '1' },
    precision: { type: 'string', default: 'int8' },
    bits: { type: 'string', default: '7' },
    weights: { type: 'string' },
    photo: { type: 'string' },
    'no-vnni': { type: 'boolean', default: false },
    revectorize: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    passes: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
});

/** Rows of like shape, for the sums: where in the network the time goes. */
function kindOf({ name, kernel }) {
  if (!name.startsWith('layer')) return name;
  if (name.includes('downsample')) return '1x1 projections';
  if (name.endsWith('.add')) return 'additions';
  return (
    { conv1: '1x1 reductions', conv2: '3x3', conv3: '1x1 expansions' }[name.split('.').at(-1)] ?? `${kernel}x${kernel}`
  );
}

const shapeOf = ({ kernel, stride, inChannels, outChannels, side }) =>
  `${kernel}x${kernel}${stride > 1 ? `/${stride}` : ''} ${inChannels}->${outChannels} @${side}`;

/** Best time over the passes for the speed, median for the cost. */
function measured({ rows, times }) {
  return rows.map((row) => {
    const own = times.map((pass) => pass[row.row]);
    return { ...row, best: lowest(own), median: median(own) };
  });
}

function columns({ best, median: middle, macs }, limit, total) {
  const speed = macs / best / 1e6;
  const share = macs > 0 ? [speed.toFixed(1), `${((100 * speed) / limit).toFixed(0)} %`] : ['', ''];
  return [middle.toFixed(3), best.toFixed(3), `${((100 * best) / total).toFixed(1)} %`, ...share];
}

function sumOf(rows) {
  const sum = (field) => rows.reduce((total, row) => total + row[field], 0);
  return { best: sum('best'), median: sum('median'), macs: sum('macs') };
}

function print(rows, { limits, stages, node, times, chosenForm }, form) {
  const limit = limits[form];
  const all = sumOf(rows);
  const head = ['ms median', 'ms best', 'of all', 'GMAC/s', 'of the limit'];
  const kinds = groupBy(rows, kindOf);
  const table = [
    ['row', 'shape', ...head],
    ...rows.map((row) => [row.name, shapeOf(row), ...columns(row, limit, all.best)]),
    ['', ''],
    ...[...kinds].map(([kind, of]) => [kind, `${of.length} rows`, ...columns(sumOf(of), limit, all.best)]),
    ['all', `${rows.length} rows`, ...columns(all, limit, all.best)],
  ];
  console.log(`${tableLines(table).join('\n')}\n`);
  const whole = times.map((pass) => pass.reduce((a, b) => a + b, 0));
  console.log(
    `whole pass: median ${median(whole).toFixed(2)} ms, best ${lowest(whole).toFixed(2)} ms (Node.js ${node}${options.precision === 'int8' ? `; int8 kernels ${chosenForm}` : ''})`,
  );
  for (const [name, speed] of Object.entries(limits)) {
    console.log(
      `limit: ${speed.toFixed(1).padStart(7)} GMAC/s  ${name}${name === form ? '  <- the share is of this one' : ''}`,
    );
  }
  if (stages.length === 0) return;
  const named = Object.keys(stages[0]).map((stage) => `${stage} ${median(stages.map((s) => s[stage])).toFixed(2)}`);
  const sums = stages.map((s) => Object.values(s).reduce((a, b) => a + b, 0));
  console.log(
    `photo to network input, ms: ${named.join(', ')}; together median ${median(sums).toFixed(2)}, best ${lowest(sums).toFixed(2)}`,
  );
}

try {
  const threads = Number(options.threads);
  const flavour = options.flavour ?? (threads > 1 ? 'relaxed-threads' : 'relaxed');
  if (threads > 1 && !flavour.endsWith('-threads')) throw new BenchError(`flavour ${flavour} has one thread`);
  const spec = {
    module: await buildProfile(flavour),
    weights: options.weights ?? ourWeights(),
    ...{
      photo: options.photo ?? onePhoto(),
      precision: options.precision,
      threads,
      activationBits: Number(options.bits),
    },
    ...{ rounds: Number(options.rounds), passes: Number(options.passes) },
  };
  const flags = [...(options['no-vnni'] ? [noVnni] : []), ...(options.revectorize ? [REVECTORIZE] : [])];
  const output = run(await newestNode(), [...flags, join(root, 'bench', 'layers-child.mjs'), JSON.stringify(spec)]);
  const result = JSON.parse(output.trim().split('\n').at(-1));
  const rows = measured(result);
  // That of the kernel that runs, not of the best there is: the choice is measured by the other limits.
  const form = LIMIT_OF[options.precision === 'int8' ? result.chosenForm : `${flavour.split('-')[0]} f32`];
  console.log(await processor());
  print(rows, result, form);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ spec, form, ...result, rows }, null, 1)}\n`);
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(`bench:layers: ${error.message}`);
  process.exit(1);
}
