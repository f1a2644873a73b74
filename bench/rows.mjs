// What `npm run bench` measures, as data: one row an engine, precision, number of threads, host and variant.
import { noVnni } from './tools.mjs';

export const US = 'resnet50-wasm';

// Settings of V8 and builds. 'simd' is what runs where relaxed SIMD is missing.
const VARIANTS = {
  '': {},
  'no-vnni': { flags: [noVnni] },
  simd: { flavour: 'simd' },
};
const BOTH = ['node', 'chromium'];

/** Every combination of the lists; `only` keeps some. */
function cross({ engine, precisions, threads, hosts, variants = [''], measures = 'inference' }) {
  return precisions.flatMap((precision) =>
    variants.flatMap((variant) =>
      threads.flatMap((count) =>
        hosts.map((host) => row({ engine, precision, variant, threads: count, host, measures })),
      ),
    ),
  );
}

function row({ variant, ...axes }) {
  const { engine, precision, threads, host, measures } = axes;
  const settings = { flags: [], ...VARIANTS[variant] };
  if (engine === US && settings.flavour && threads > 1) settings.flavour += '-threads';
  const subject = measures === 'inference' ? engine : measures;
  const name = `${subject}-${precision}-t${threads}${variant && `-${variant}`}@${host}`;
  return { name, ...axes, variant, ...settings };
}

/** WebKit has no relaxed SIMD: what everybody has there. */
const SAFARI = ['webkit'];

export const ROWS = [
  ...cross({ engine: 'empty', precisions: ['none'], threads: [1], hosts: BOTH }),
  ...cross({ engine: US, precisions: ['int8'], threads: [1, 2], hosts: BOTH, variants: ['', 'no-vnni', 'simd'] }),
  ...cross({ engine: 'litert', precisions: ['int8'], threads: [1, 2], hosts: BOTH, variants: ['', 'no-vnni'] }),
  ...cross({ engine: 'litert', precisions: ['int8'], threads: [1], hosts: BOTH, variants: ['simd'] }),
  ...cross({
    engine: 'onnxruntime-web',
    precisions: ['int8'],
    threads: [1, 2],
    hosts: BOTH,
    variants: ['', 'no-vnni'],
  }),
  ...cross({ engine: 'onnxruntime-web', precisions: ['int8'], threads: [1], hosts: BOTH, variants: ['simd'] }),
  ...cross({ engine: 'onnxruntime-node', precisions: ['int8'], threads: [1, 2], hosts: ['node'] }),
  ...cross({ engine: US, precisions: ['f32'], threads: [1, 2], hosts: BOTH }),
  ...cross({ engine: 'litert', precisions: ['f32'], threads: [1, 2], hosts: BOTH }),
  ...cross({ engine: 'onnxruntime-web', precisions: ['f32'], threads: [1, 2], hosts: BOTH }),
  ...cross({ engine: 'tfjs', precisions: ['f32'], threads: [1, 2], hosts: BOTH }),
  ...cross({ engine: 'onnxruntime-node', precisions: ['f32'], threads: [1, 2], hosts: ['node'] }),
  ...cross({ engine: US, precisions: ['int8', 'f32'], threads: [1, 2], hosts: SAFARI, variants: ['simd'] }),
  ...cross({ engine: 'litert', precisions: ['int8', 'f32'], threads: [1], hosts: SAFARI, variants: ['simd'] }),
  ...cross({
    engine: 'onnxruntime-web',
    precisions: ['int8', 'f32'],
    threads: [1, 2],
    hosts: SAFARI,
    variants: ['simd'],
  }),
  ...cross({ engine: 'tfjs', precisions: ['f32'], threads: [1], hosts: SAFARI, variants: ['simd'] }),
  ...cross({ engine: US, precisions: ['int8'], threads: [1], hosts: BOTH, measures: 'startUp' }),
  ...cross({ engine: US, precisions: ['int8'], threads: [1], hosts: BOTH, measures: 'photo' }),
  ...cross({ engine: US, precisions: ['int8'], threads: [2], hosts: BOTH, measures: 'throughput' }),
];
