// Mutants of pictures through the compiled module of the package (dist/wasm), by the functions that the package calls: each is
// decoded and transformed, and one in a hundred of those that are read goes to its labels. Nothing may trap, every refusal
// needs a known code and words, memory may not grow without end, and the logits of a known picture stay the same bits.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SANITIZED_FOLDER } from '../../scripts/compile.mjs';
import { root } from '../../scripts/lib.mjs';

const MODULE = join(root, 'dist', 'wasm', 'resnet50-simd.mjs');
const SIDE = 32;
const LABELS_ONE_IN = 100;
/** Between two looks at the known picture, executions. */
const CHECK_EVERY = 100_000;
const MAX_BYTES = 2048;
/** Decoding so few pixels never needs more, bytes. */
const MOST_MEMORY = 512 * 2 ** 20;
const REFUSALS = ['CORRUPT_IMAGE', 'TRUNCATED_IMAGE', 'NOT_AN_IMAGE', 'UNSUPPORTED_FORMAT', 'IMAGE_TOO_LARGE'];

const SETTINGS = {
  decode: { maxPixels: 2 ** 12, applyOrientation: true, background: null },
  view: { rotate: 0, region: null },
  transforms: {
    resizeSize: SIDE,
    cropSize: SIDE,
    interpolation: 'bilinear',
    antialias: true,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
};
const PICK = { activation: 0, topK: 5, threshold: 0, allowed: 0, crops: 1 };

class Core {
  static async start() {
    const core = new Core();
    core.module = await (await import(MODULE)).default();
    const options = { classes: 10, precision: 'f32', activationBits: 7, threads: 1, ranges: {} };
    core.handle = core.module.createSession(options).value.handle;
    core.module.session_initializeRandomly(core.handle, 1);
    return core;
  }

  /** The picture in a block of wasm memory, which the call that gets it frees. */
  #put(file) {
    const pointer = this.module.allocate(file.length);
    this.module.HEAPU8.set(file, pointer);
    return { pointer, bytes: file.length };
  }

  preprocess(file, background) {
    const settings = { ...SETTINGS, decode: { ...SETTINGS.decode, background } };
    return this.module.session_preprocess(this.handle, this.#put(file), settings, 'nhwc');
  }

  /** An answer that took longer than a slice, to its end. */
  #whole(run) {
    let answer = run;
    while (answer.pending) answer = this.module.session_proceed(this.handle);
    return answer;
  }

  classify(file) {
    return this.#whole(this.module.session_classify(this.handle, this.#put(file), SETTINGS, PICK));
  }

  logits(file) {
    const { value } = this.#whole(this.module.session_logits(this.handle, this.#put(file), SETTINGS));
    return Buffer.from(this.module.HEAPF32.slice(value / 4, value / 4 + 10).buffer).toString('hex');
  }
}

/** Files from a stream: each as its length (4 bytes, little-endian) and its bytes. */
async function* filesOf(stream) {
  let rest = Buffer.alloc(0);
  for await (const block of stream) {
    rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
    let at = 0;
    while (rest.length >= at + 4 && rest.length >= at + 4 + rest.readUInt32LE(at)) {
      const end = at + 4 + rest.readUInt32LE(at);
      yield rest.subarray(at + 4, end);
      at = end;
    }
    rest = rest.subarray(at);
  }
}

/** What is wrong with an answer; undefined if nothing is. */
function faultOf({ value, error }) {
  if (error === undefined) return value.side === SIDE ? undefined : `a crop of ${value.side}`;
  return REFUSALS.includes(error.code) && error.message !== '' ? undefined : `${error.code}: ${error.message}`;
}

/**
 * Runs until the time is over, or to the first fault.
 * @param options.folders where the pictures are
 * @returns {Promise<{ executions: number, read: number, labeled: number, fault?: string, file?: Buffer }>}
 */
export async function fuzzWasm({ seconds, seed, folders }) {
  const core = await Core.start();
  const known = readFileSync(join(root, 'tests', 'data', 'image', 'jpeg444.jpg'));
  const before = core.logits(known);
  const program = join(root, SANITIZED_FOLDER, 'tests', 'cpp', 'image_mutants');
  const args = [String(seed), String(2 ** 31), String(MAX_BYTES), ...folders.filter((folder) => existsSync(folder))];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const counts = { executions: 0, read: 0, labeled: 0 };
  const end = performance.now() + seconds * 1000;
  const sound = () => {
    if (core.logits(known) !== before) return 'the logits of a known picture have changed';
    return core.module.memoryBytes() > MOST_MEMORY ? `${core.module.memoryBytes()} bytes of memory` : undefined;
  };
  let last;
  try {
    for await (const file of filesOf(child.stdout)) {
      last = file;
      const answer = core.preprocess(file, counts.executions % 2 === 0 ? null : [255, 0, 0]);
      counts.executions++;
      let fault = faultOf(answer);
      if (answer.error === undefined && counts.read++ % LABELS_ONE_IN === 0) {
        counts.labeled++;
        if (core.classify(file).value?.length !== 5) fault = 'no labels for a picture that was read';
      }
      if (counts.executions % CHECK_EVERY === 0) fault ??= sound();
      if (fault !== undefined) return { ...counts, fault, file };
      if (performance.now() > end) break;
    }
    return { ...counts, fault: sound() };
  } catch (error) {
    return { ...counts, fault: String(error), file: last };
  } finally {
    child.kill();
  }
}
