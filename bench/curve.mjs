// npm run bench:curve -- --checkpoint FILE --calibrate FOLDER --evaluate FOLDER [--bits 3,3.5,4,...] [--resize N] [--out FOLDER]
//   [--calibration-images N] [--no-compensation]  (much quicker, worse). Without --resize, transforms V1.
// Size against accuracy of compact weights: converts at each number of bits (0: plain int8), measures int8 against f32 on
// labeled photos, and writes curve.json, curve.svg and a table. Calibrate and evaluate on different photos. Knows the
// command line of the package only.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    checkpoint: { type: 'string' },
    calibrate: { type: 'string' },
    evaluate: { type: 'string' },
    bits: { type: 'string', default: '2.5,3,3.5,4,4.5,5,0' },
    resize: { type: 'string' },
    'calibration-images': { type: 'string' },
    'no-compensation': { type: 'boolean' },
    out: { type: 'string', default: join(tmpdir(), 'resnet50-wasm-curve') },
  },
});
if (!options.checkpoint || !options.evaluate) {
  console.error('curve: --checkpoint and --evaluate are needed (see the top of bench/curve.mjs)');
  process.exit(2);
}
const cli = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'cli.js');

function convert(bits) {
  const out = join(options.out, bits === 0 ? 'plain' : `compact-${bits}`);
  const shared = ['calibrate', 'evaluate', 'resize', 'calibration-images'].flatMap((name) =>
    options[name] ? [`--${name}`, options[name]] : [],
  );
  if (!options.resize) shared.push('--transforms', 'V1');
  if (options['no-compensation']) shared.push('--no-compensation');
  const encoding = bits === 0 ? [] : ['--encoding', 'compact', '--bits', String(bits)];
  const args = [cli, 'convert', options.checkpoint, '--name', 'curve', '--out', out, ...shared, ...encoding];
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) process.exit(1);
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  const bytes = manifest.precisions.int8.shards.reduce((sum, shard) => sum + shard.bytes, 0);
  const { int8, f32 } = manifest.quantization.measured;
  return { bits: bits || 'plain', MB: Number((bytes / 1e6).toFixed(2)), ...int8, f32Top1: f32.top1 };
}

/** Points joined by a line: agreement over megabytes. */
function plot(points) {
  const [width, height, margin] = [640, 400, 56];
  const most = Math.ceil(Math.max(...points.map((p) => p.MB)) / 5) * 5;
  const least = Math.floor(Math.min(...points.map((p) => p.agreement), 95) / 5) * 5;
  const x = (mb) => margin + (mb / most) * (width - 2 * margin);
  const y = (percent) => height - margin - ((percent - least) / (100 - least)) * (height - 2 * margin);
  const text = (px, py, anchor, words) =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;
  const steps = (from, to, step) =>
    Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
  const grid = [
    ...steps(0, most, 5).map(
      (mb) => `<path d="M${x(mb)} ${y(least)}V${y(100)}"/>${text(x(mb), y(least) + 18, 'middle', mb)}`,
    ),
    ...steps(least, 100, 5).map((p) => `<path d="M${x(0)} ${y(p)}H${x(most)}"/>${text(x(0) - 8, y(p) + 4, 'end', p)}`),
  ];
  const sorted = [...points].sort((a, b) => a.MB - b.MB);
  const line = sorted.map((p) => `${x(p.MB).toFixed(1)},${y(p.agreement).toFixed(1)}`).join(' ');
  const dots = sorted.map(
    (p) =>
      `<circle cx="${x(p.MB).toFixed(1)}" cy="${y(p.agreement).toFixed(1)}" r="4"/>${text(x(p.MB), y(p.agreement) - 10, 'middle', p.bits)}`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/><g stroke="#ddd" fill="#444">${grid.join('').replaceAll('<text', '<text stroke="none"')}</g>
<polyline points="${line}" fill="none" stroke="#1f6feb" stroke-width="2"/><g fill="#1f6feb">${dots.join('')}</g>
${text(width / 2, height - 12, 'middle', 'download, MB (labels: bits a weight)')}${text(margin, 24, 'start', 'photos whose best class is that of f32, %')}
</svg>
`;
}

mkdirSync(options.out, { recursive: true });
const points = [];
for (const bits of options.bits.split(',').map(Number)) {
  points.push(convert(bits));
  writeFileSync(join(options.out, 'curve.json'), `${JSON.stringify(points, null, 2)}\n`);
}
writeFileSync(join(options.out, 'curve.svg'), plot(points));
console.table(points);
console.log(`${join(options.out, 'curve.svg')} and curve.json`);
