// The limit that kernels are measured against: multiply-accumulates a second that this engine reaches on this machine with
// nothing but the inner product itself, operands in registers. `node bench/limits.mjs [THREADS]` prints it, and
// `node --experimental-wasm-revectorize bench/limits.mjs` that of code of 256 bits. Knows WebAssembly's binary format, nothing of networks.
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const simd = (opcode) => [0xfd, ...leb(opcode)];
const GET = 0x20;
const SET = 0x21;
const V128 = 0x7b;
const X = 1; // local: the same four bytes in all lanes

// Steps of one accumulator; the stack holds nothing before and the new sum after. Locals: X activations, w weights.
// Every product must depend on what the loop changes, or the compiler moves it out: forms that add the product
// separately therefore multiply the sum itself (values do not matter, time does not depend on them).
const FORMS = {
  'i32x4.relaxed_dot_i8x16_i7x16_add': {
    macs: 16,
    step: (sum, w) => [GET, w, GET, X, GET, sum, ...simd(0x113)],
  },
  'i16x8.relaxed_dot_i8x16_i7x16 + pairwise': {
    macs: 16,
    step: (sum) => [GET, sum, GET, sum, GET, X, ...simd(0x112), ...simd(0x7e), ...simd(0xae)],
  },
  'i16x8.relaxed_dot_i8x16_i7x16, two summed + dot by ones': {
    macs: 32,
    step: (sum, w) => [
      ...[GET, sum, GET, sum, GET, X, ...simd(0x112), GET, sum, GET, w, ...simd(0x112), ...simd(0x8e)],
      ...[GET, X, ...simd(0xba), ...simd(0xae)],
    ],
  },
  'i32x4.dot_i16x8': {
    macs: 8,
    step: (sum) => [GET, sum, GET, sum, GET, X, ...simd(0xba), ...simd(0xae)],
  },
  'f32x4.relaxed_madd': {
    macs: 4,
    step: (sum, w) => [GET, w, GET, X, GET, sum, ...simd(0x105)],
  },
  'f32x4.mul + add': {
    macs: 4,
    step: (sum) => [GET, sum, GET, sum, GET, X, ...simd(0xe6), ...simd(0xe4)],
  },
};

/** The limit of a kernel: of an int8 form by the name that the core gives it, of float32 by the flavour. */
export const LIMIT_OF = {
  'relaxed-i32': 'i32x4.relaxed_dot_i8x16_i7x16_add',
  'relaxed-i16': 'i16x8.relaxed_dot_i8x16_i7x16, two summed + dot by ones',
  simd: 'i32x4.dot_i16x8',
  'relaxed f32': 'f32x4.relaxed_madd',
  'simd f32': 'f32x4.mul + add',
};

/** V8's flag that pairs vectors to 256 bits. */
export const REVECTORIZE = '--experimental-wasm-revectorize';
const revectorizes = process.execArgv.includes(REVECTORIZE);

// Sums in flight: enough to hide the latency of a product. With two operands, 13 are all vector registers that V8 has on
// x86; 24 become 12 registers of 256 bits.
const SUMS = revectorizes ? 24 : 13;
const UNROLL = 8;
const ITERATIONS = 4000;

function leb(n) {
  const bytes = [];
  do {
    bytes.push((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    n >>>= 7;
  } while (n > 0);
  return bytes;
}

/** A module of one exported function i32 -> i32, the body without its end. */
function moduleAround(body) {
  const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]), // type i32 -> i32
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]), // a page of memory
    ...section(7, [1, 1, 0x66, 0, 0]), // export 'f'
    ...section(10, [1, ...leb(body.length + 1), ...body, 0x0b]), // code
  ]);
}

/**
 * What this engine makes of the relaxed dot product here, by its answer for bytes over 127 (src/kernels/kernel_choice.cc):
 * its name says more of a processor than the name that clouds give it.
 */
export function relaxedDot() {
  const weights = [0x41, 0xff, 0x00]; // i32.const 127, signed LEB128
  const bytes = moduleAround([
    ...[0, ...weights, ...simd(0x0f), GET, 0, ...simd(0x0f), 0x41, 0, ...simd(0x11)], // i8x16.splat twice, i32x4.splat
    ...[...simd(0x113), ...simd(0x1b), 0], // i32x4.extract_lane 0
  ]);
  if (!WebAssembly.validate(bytes)) return 'none (no relaxed SIMD)';
  const answer = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f(255);
  const known = { [4 * 127 * 255]: 'vpdpbusd (AVX-VNNI)', [-4 * 127]: 'sdot', [2 * 32767]: 'vpmaddubsw (no AVX-VNNI)' };
  return known[answer] ?? `unknown (${answer})`;
}

/**
 * A module whose export `f(n)` does n * UNROLL * SUMS steps of a form. Operands come from memory and sums go there, side
 * by side: stores of neighbors are what V8 begins at when it pairs vectors.
 */
function moduleOf({ step }) {
  const [weights, first] = [[2, 3], 4];
  const load = (i) => [0x41, 0, ...simd(0x00), 4, ...leb(16 * i)]; // v128.load of place i
  const all = Array.from({ length: SUMS }, (_, i) => first + i);
  const once = all.flatMap((sum, i) => [...step(sum, weights[i % 2]), SET, sum]);
  const body = [
    ...[1, ...leb(SUMS + 3), V128], // local 0 is n, then X, the weights and the sums
    ...[0x41, 0, ...simd(0x09), 2, 0, SET, X], // v128.load32_splat
    ...[...weights, ...all].flatMap((local, i) => [...load(i), SET, local]),
    ...[0x03, 0x40], // loop
    ...Array.from({ length: UNROLL }, () => once).flat(),
    ...[GET, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b], // br_if (n = n - 1), end
    ...all.flatMap((sum, i) => [0x41, 0, GET, sum, ...simd(0x0b), 4, ...leb(16 * i)]), // v128.store
    ...[GET, 0],
  ];
  return moduleAround(body);
}

/** GMAC/s of a form on this thread, the best of many short runs; undefined where the engine does not know it. */
function measure(form, milliseconds) {
  const bytes = moduleOf(form);
  if (!WebAssembly.validate(bytes)) return undefined;
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  let best = 0;
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const start = performance.now();
    f(ITERATIONS);
    best = Math.max(best, (ITERATIONS * UNROLL * SUMS * form.macs) / (performance.now() - start) / 1e6);
  }
  return best;
}

function onThread(name, milliseconds) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { name, milliseconds } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** GMAC/s of every form, of all threads together; forms that this engine lacks are left out. */
export async function measureLimits(threads, milliseconds = 400) {
  const limits = {};
  for (const name of Object.keys(FORMS)) {
    const speeds = await Promise.all(Array.from({ length: threads }, () => onThread(name, milliseconds)));
    if (speeds[0] !== undefined) limits[name] = speeds.reduce((a, b) => a + b);
  }
  return limits;
}

if (!isMainThread && workerData?.name) {
  parentPort.postMessage(measure(FORMS[workerData.name], workerData.milliseconds));
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`relaxed dot: ${relaxedDot()}; code of ${revectorizes ? '256 bits, where V8 can' : '128 bits'}`);
  const limits = await measureLimits(Number(process.argv[2] ?? 1));
  for (const [name, speed] of Object.entries(limits)) console.log(`${speed.toFixed(1).padStart(8)} GMAC/s  ${name}`);
}
