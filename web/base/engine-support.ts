/**
 * What this JavaScript engine can do, found by trying and never by asking for its name, and the flavour of the core
 * that follows from it.
 */
import { tagOf } from './check.js';
import { ResNet50Error } from './errors.js';

/** The builds of the core: plain or relaxed SIMD, one thread or several. */
export type Flavour = 'simd' | 'simd-threads' | 'relaxed' | 'relaxed-threads';

/** All flavours, fastest last. */
export const FLAVOURS: readonly Flavour[] = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];

/** What the probes found. */
export interface EngineSupport {
  simd: boolean;
  relaxedSimd: boolean;
  threads: boolean;
  /** Why `threads` is what it is, as a clause for a sentence. */
  threadsWhy: string;
}

/** A chosen flavour, the number of threads (the caller's own included), and the reasons, one a line. */
export interface Choice {
  flavour: Flavour;
  threads: number;
  why: string[];
}

// The opcodes below follow the WebAssembly SIMD and relaxed SIMD proposals' binary tables.
const V128_CONST = [0xfd, 0x0c];
const I16X8_EQ = [0xfd, 0x2d];
const I16X8_ALL_TRUE = [0xfd, 0x83, 0x01];
const I32X4_EQ = [0xfd, 0x37];
const I32X4_ALL_TRUE = [0xfd, 0xa3, 0x01];
const RELAXED_DOT_I16X8 = [0xfd, 0x92, 0x02]; // i16x8.relaxed_dot_i8x16_i7x16_s, 0x112
const RELAXED_DOT_I32X4 = [0xfd, 0x93, 0x02]; // i32x4.relaxed_dot_i8x16_i7x16_add_s, 0x113
const I32_AND = 0x71;

/** A module of one exported function `f: () -> i32` with the given body (under 16 KiB). */
function probeModule(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const leb = (n: number) => [(n & 0x7f) | 0x80, n >> 7]; // unsigned LEB128 in two bytes
  const code = [0x00, ...body, 0x0b]; // no locals, body, end
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic '\0asm', version 1
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f], // type section, 5 bytes: one type, () -> (i32)
    ...[0x03, 0x02, 0x01, 0x00], // function section, 2 bytes: one function of type 0
    ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00], // export section, 5 bytes: 'f' is function 0
    ...[0x0a, ...leb(code.length + 3), 0x01, ...leb(code.length), ...code], // code section: one body
  ]);
}

const byte = (n: number) => n & 0xff;
const littleEndian = (values: readonly number[], bytes: 2 | 4) =>
  values.flatMap((v) => Array.from({ length: bytes }, (_, i) => byte(v >> (8 * i))));

/** Calls the probe; false where the engine refuses the module or another value comes out than 1. */
function runs(body: readonly number[]): boolean {
  try {
    const bytes = probeModule(body);
    if (!WebAssembly.validate(bytes)) return false;
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    return (f as () => number)() === 1;
  } catch {
    return false;
  }
}

const OLDEST = 'Chrome or Edge 116, Firefox 124, Safari 17.4 or Node.js 20.3 is needed, or later';

/** @throws ResNet50Error ENGINE_TOO_OLD */
export function checkEngine(): void {
  if ('any' in AbortSignal) return;
  throw new ResNet50Error('ENGINE_TOO_OLD', `this engine is too old for resnet50-wasm (no AbortSignal.any): ${OLDEST}`);
}

/** v128.const of ones, i32x4.all_true. */
export const hasSimd = (): boolean => runs([...V128_CONST, ...new Array<number>(16).fill(1), ...I32X4_ALL_TRUE]);

/**
 * Both relaxed dot products on a vector whose result the specification fixes: the first operand takes the extremes of
 * int8, the second stays within 0..127. Engines with an earlier draft of the proposal behind these opcodes compute
 * something else (or nothing) and count as having none.
 */
export function hasRelaxedSimd(): boolean {
  const a = [-128, 127, -1, 1, -128, -128, 127, 127, 5, -7, 100, -100, 64, -64, -2, 3];
  const b = [127, 127, 1, 127, 127, 127, 127, 127, 0, 9, 126, 1, 2, 3, 127, 0];
  const c = [7, -1_000_000, 2_147_483, -3];
  const pairs = Array.from({ length: 8 }, (_, i) => dot(a, b, 2 * i, 2));
  const quads = c.map((sum, i) => sum + dot(a, b, 4 * i, 4));
  const operands = [...V128_CONST, ...a.map(byte), ...V128_CONST, ...b];
  return runs([
    ...[...operands, ...RELAXED_DOT_I16X8],
    ...[...V128_CONST, ...littleEndian(pairs, 2), ...I16X8_EQ, ...I16X8_ALL_TRUE],
    ...[...operands, ...V128_CONST, ...littleEndian(c, 4), ...RELAXED_DOT_I32X4],
    ...[...V128_CONST, ...littleEndian(quads, 4), ...I32X4_EQ, ...I32X4_ALL_TRUE],
    I32_AND,
  ]);
}

function dot(a: readonly number[], b: readonly number[], from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Shared wasm memory that can be made and passed to another thread. */
function threadSupport(): { threads: boolean; threadsWhy: string } {
  const scope = globalThis as {
    crossOriginIsolated?: boolean;
    SharedArrayBuffer?: unknown;
    process?: { versions?: { node?: string } };
  };
  // Isolation is a page's matter: Node, Bun and Deno share memory without.
  if (scope.crossOriginIsolated === false && scope.process?.versions?.node === undefined) {
    return {
      threads: false,
      threadsWhy:
        'the page is not cross-origin isolated (serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)',
    };
  }
  if (scope.SharedArrayBuffer === undefined)
    return { threads: false, threadsWhy: 'there is no SharedArrayBuffer here' };
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    if (tagOf(memory.buffer) !== 'SharedArrayBuffer') throw new Error('memory is not shared');
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(memory.buffer);
    // Both: a port with a message that nobody fetches keeps that message's memory for as long as the process lives.
    port1.close();
    port2.close();
    return { threads: true, threadsWhy: 'shared wasm memory works' };
  } catch {
    return { threads: false, threadsWhy: 'shared wasm memory does not work here' };
  }
}

/** Runs every probe (well under a millisecond each). */
export function probeEngine(): EngineSupport {
  return { simd: hasSimd(), relaxedSimd: hasRelaxedSimd(), ...threadSupport() };
}

/** What the caller may demand of {@link chooseFlavour}. */
export interface Demand {
  /** Threads, the caller's own included; 'auto' takes what the machine offers. */
  threads: number | 'auto';
  /** Logical processors. */
  cores: number;
  /** A flavour by name instead of the best one. */
  flavour?: Flavour | undefined;
  /** Why threads are out of the question, whatever the probes say. */
  noThreads?: string | undefined;
  /** A compiled module was handed in: probing by compiling may be forbidden, and the module's flavour is the caller's. */
  injected?: boolean | undefined;
}

/** All threads of small machines, half of the logical processors of larger ones (those share execution units). */
export const autoThreads = (cores: number): number => (cores <= 4 ? Math.max(1, cores) : Math.min(8, cores >> 1));

/**
 * The fastest flavour that works here, or the demanded one.
 * @throws ResNet50Error SIMD_MISSING, THREADS_UNAVAILABLE (only for a flavour demanded by name)
 */
export function chooseFlavour(support: EngineSupport, demand: Demand): Choice {
  const why: string[] = [];
  const wanted = demand.threads === 'auto' ? autoThreads(demand.cores) : demand.threads;
  const obstacle = demand.noThreads ?? (support.threads ? undefined : support.threadsWhy);
  const named = demand.flavour ?? (demand.injected ? 'simd' : undefined);
  if (named !== undefined) return chooseNamed(support, demand, named, wanted, obstacle);
  if (!support.simd) {
    throw new ResNet50Error(
      'SIMD_MISSING',
      `this engine has no WebAssembly SIMD, which resnet50-wasm needs: ${OLDEST}`,
    );
  }
  why.push(
    support.relaxedSimd
      ? 'relaxed SIMD: its dot products compute what the specification says'
      : 'plain SIMD: relaxed SIMD is missing or is not the final one',
  );
  const base = support.relaxedSimd ? 'relaxed' : 'simd';
  if (wanted > 1 && obstacle === undefined) {
    why.push(`${wanted} threads: ${demand.threads === 'auto' ? `${demand.cores} processors` : 'as asked'}`);
    return { flavour: `${base}-threads`, threads: wanted, why };
  }
  why.push(`1 thread: ${wanted > 1 ? obstacle : demand.threads === 'auto' ? 'one processor' : 'as asked'}`);
  return { flavour: base, threads: 1, why };
}

function chooseNamed(
  support: EngineSupport,
  demand: Demand,
  flavour: Flavour,
  wanted: number,
  obstacle: string | undefined,
): Choice {
  const why = [demand.flavour === undefined ? `${flavour}: the module was handed in` : `${flavour}: as asked`];
  const threaded = flavour.endsWith('-threads');
  if (threaded && obstacle !== undefined) {
    throw new ResNet50Error('THREADS_UNAVAILABLE', `flavour '${flavour}' needs threads: ${obstacle}`, {
      subject: flavour,
    });
  }
  const capable = flavour.startsWith('relaxed') ? support.relaxedSimd : support.simd;
  if (!demand.injected && !capable) {
    throw new ResNet50Error('SIMD_MISSING', `flavour '${flavour}' needs SIMD that this engine does not have`, {
      subject: flavour,
    });
  }
  return { flavour, threads: threaded ? wanted : 1, why };
}
