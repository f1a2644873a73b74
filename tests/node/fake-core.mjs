// A stand-in for the compiled core that keeps web/core/types.ts's contract in plain JavaScript: memory with an allocator, a
// picture format of its own ('IMG' and JSON), logits that show which picture was seen. 'TRAP' in place of a picture
// ends like a wasm trap, 'DEEP' like a stack that is too deep; for 'ODD' it breaks the contract. Counts what is allocated so that leaks show as memoryBytes.
import { gzipSync } from 'node:zlib';

const ok = (value) => ({ value });
const fail = (code, message, subject = '') => ({ error: { code, message, subject } });

const softmax = (values) => {
  const powers = values.map(Math.exp);
  const sum = powers.reduce((a, v) => a + v, 0);
  return powers.map((power) => power / sum);
};
/** By index of ACTIVATIONS. */
const SCORES = [softmax, (values) => values.map((x) => 1 / (1 + Math.exp(-x))), (values) => values];

/** Negative pixels make a network overflow; those over 1000 are of no class. */
function logitOf(i, pixel, classes) {
  if (pixel < 0) return Number.NaN;
  const sign = pixel > 1000 ? -1 : 1;
  return sign * (i === pixel % classes ? 5 : i / 100);
}

/** Methods of the core's objects, which are functions TYPE_METHOD with a handle as in the compiled core. */
const METHODS = {
  session:
    'missingLayers loadShard initializeRandomly classify logits features explain preprocess setHead fastestThreads delete',
  converter:
    'calibrate calibrateGenerated runFloat beginQuantization continueQuantization quantization planShards shard compressedShard delete',
};

export default async function factory(options = {}) {
  const file = options.locateFile?.('core.wasm') ?? '';
  if (file.includes('nowhere')) throw new Error(`ENOENT: no such file, open '${file}'`);
  const HEAPU8 = new Uint8Array(64 * 2 ** 20);
  const HEAPF32 = new Float32Array(HEAPU8.buffer);
  const blocks = new Map();
  let top = 16;
  const text = (pointer, bytes) => new TextDecoder().decode(HEAPU8.slice(pointer, pointer + bytes));
  /** A picture of the contract -> its one pixel, as the view changes it; the block is freed. */
  const open = (input, { decode, view }) => {
    const { pointer, bytes } = input;
    const content = bytes === undefined ? '' : text(pointer, bytes);
    const raw = HEAPU8[pointer];
    core.release(pointer);
    if (content.startsWith('TRAP')) throw new WebAssembly.RuntimeError('unreachable');
    if (content.startsWith('DEEP')) throw new RangeError('Maximum call stack size exceeded');
    if (content.startsWith('ODD')) return undefined;
    if (content.startsWith('RIFF'))
      return fail('UNSUPPORTED_FORMAT', 'WebP is not read here: convert it to JPEG or PNG');
    if (bytes !== undefined && !content.startsWith('IMG'))
      return fail('NOT_AN_IMAGE', 'the bytes begin with no image signature');
    if (bytes !== undefined && decode.maxPixels < 64)
      return fail('IMAGE_TOO_LARGE', `8 x 8 pixels are over the limit of ${decode.maxPixels}`);
    const pixel = bytes === undefined ? raw : JSON.parse(content.slice(3)).pixel;
    return seen(pixel, view);
  };
  /** Tells what was asked for: the angle in degrees / 90, and the corner of the region in eighths. */
  const seen = (pixel, { rotate, region }) => {
    if (region === null) return ok(pixel + rotate / 90);
    const [left, top, right, bottom] = ['left', 'top', 'right', 'bottom'].map((edge) => Math.round(region[edge] * 8));
    if (right <= left || bottom <= top) return fail('INVALID_ARGUMENT', 'holds no pixel of the image', 'region');
    return ok(pixel + rotate / 90 + left + top);
  };

  const objects = [];
  /** An object of the core with these methods. */
  const hold = (methods, fields = {}) => ok({ handle: objects.push(methods), ...fields });

  const core = {
    HEAPU8,
    HEAPF32,
    allocate(bytes) {
      if (bytes > 2 ** 25) return 0;
      if (top + bytes > HEAPU8.length) top = 16;
      const pointer = top;
      top += (bytes + 15) & ~15;
      blocks.set(pointer, bytes);
      return pointer;
    },
    release(pointer) {
      if (!blocks.delete(pointer)) throw new Error(`released twice: ${pointer}`);
    },
    memoryBytes: () => [...blocks.values()].reduce((a, b) => a + b, 0),
    kernelsCompute: () => true,
    createSession({ classes, threads, precision, watch }) {
      // The converter compares two networks in one core: a pool for both.
      const workers = options.pthreadPoolSize ?? 0;
      if (![threads - 1, 2 * (threads - 1)].includes(workers)) throw new Error('threads and pool differ');
      const loaded = [];
      let runs = 0;
      const logits = core.allocate(classes * 4 * 16);
      blocks.delete(logits);
      /** The embedding begins with the logits. */
      const embedding = core.allocate(2048 * 4);
      blocks.delete(embedding);
      const fill = (row, pixel) => {
        for (let i = 0; i < classes; i++) HEAPF32[logits / 4 + row * classes + i] = logitOf(i, pixel, classes);
      };
      /** Rows of logits of a picture's crops or a tensor's images; where they lie. */
      const run = (input, settings, crops = 1) => {
        runs++;
        if (input.n !== undefined) {
          const pixel = HEAPF32[input.pointer / 4];
          core.release(input.pointer);
          for (let row = 0; row < input.n; row++) fill(row, pixel);
          return ok(logits);
        }
        const opened = open(input, settings);
        if (opened?.value === undefined) return opened;
        for (let row = 0; row < crops; row++) fill(row, opened.value + row);
        return ok(logits);
      };
      const pickedFrom = (picture, settings, pick) => {
        const ran = run(picture, settings, pick.crops);
        return ran?.value === undefined ? ran : topK(logits, classes, pick);
      };
      return hold({
        missingLayers: () => (loaded.length > 0 ? [] : ['conv1']),
        loadShard(pointer, bytes, name) {
          const content = text(pointer, bytes);
          if (content.startsWith('BAD')) return fail('WEIGHTS_FORMAT', 'is no safetensors file', name);
          if (content.startsWith('TRAP')) throw new WebAssembly.RuntimeError('unreachable');
          if (loaded.length > 0 && loaded.at(-1) >= name) throw new Error(`${name} came after ${loaded.at(-1)}`);
          loaded.push(name);
          return ok(undefined);
        },
        initializeRandomly: (seed) => {
          loaded.push(`${precision} ${seed}`);
          return ok(undefined);
        },
        // Every crop sees the next pixel value.
        classify: (picture, settings, pick) => pickedFrom(picture, settings, pick),
        logits: (input, settings) => run(input, settings),
        features(input, settings, stages) {
          if (stages.includes('layer9')) {
            core.release(input.pointer);
            return fail('INVALID_ARGUMENT', 'is no stage', 'layer9');
          }
          const ran = run(input, settings);
          if (!ran?.value) return ran;
          HEAPF32.copyWithin(embedding / 4, logits / 4, logits / 4 + Math.min(classes, 2048));
          return ok(
            stages.map((stage) => ({
              ...(stage === 'avgpool'
                ? { pointer: embedding, channels: 2048 }
                : { pointer: logits, channels: classes }),
              ...{ height: 1, width: 1 },
            })),
          );
        },
        explain(picture, settings, pick) {
          const best = pickedFrom(picture, settings, { ...pick, topK: 1, crops: 1 });
          if (!best?.value) return best;
          const grid = { pointer: logits, height: 1, width: classes };
          const box = { left: 0, top: 0, right: 1, bottom: 1 };
          return ok({ best: best.value[0], grid, box, width: 8, height: 8 });
        },
        preprocess(picture, settings) {
          const opened = open(picture, settings);
          if (opened?.value === undefined) return opened;
          const { cropSize } = settings.transforms;
          const bytes = cropSize * cropSize * 3;
          const pixels = core.allocate(bytes);
          const tensor = core.allocate(bytes * 4);
          blocks.delete(pixels);
          blocks.delete(tensor);
          HEAPU8.fill(opened.value, pixels, pixels + bytes);
          HEAPF32.fill(opened.value / 255, tensor / 4, tensor / 4 + bytes);
          return ok({ pixels, tensor, side: cropSize });
        },
        setHead: (head) =>
          head === null ? ok(undefined) : fail('INVALID_ARGUMENT', 'holds a number that is not finite'),
        // One is fastest, as it finds out by five pictures.
        fastestThreads: () => (watch && runs >= 5 ? 1 : 0),
        delete: () => undefined,
      });
    },
    openCheckpoint(pointer, bytes, name) {
      const content = text(pointer, bytes);
      if (!content.startsWith('CKPT')) return fail('CHECKPOINT_FORMAT', 'is no state dict', name);
      const { classes, recognized } = JSON.parse(content.slice(4));
      let calibrated = 0;
      let quantized = false;
      let last = new Uint8Array();
      const ranges = () => ({ input: [-2.5, 2.5], conv1: [0, calibrated] });
      let precision = '';
      const fields = {
        ...{ classes, parameters: 1000 + classes },
        recognized: {
          ...{ naming: 'torchvision', prefix: '', head: 'fc', headNorm: '', key: '.', others: [], leftOut: [] },
          ...recognized,
        },
      };
      const methods = {
        calibrate(picture, settings) {
          const opened = open(picture, settings);
          return opened?.value === undefined ? opened : ok(void calibrated++);
        },
        calibrateGenerated: () => ok(void calibrated++),
        // Pixels from 100 to 1000 are another class than in int8.
        runFloat: (picture, settings) => {
          const opened = open(picture, settings);
          if (opened?.value === undefined) return opened;
          const pixel = opened.value;
          const logits = core.allocate(classes * 4);
          core.release(logits);
          const other = pixel + Number(pixel >= 100 && pixel < 1000);
          for (let i = 0; i < classes; i++) HEAPF32[logits / 4 + i] = logitOf(i, other, classes);
          return ok(logits);
        },
        beginQuantization: () => (calibrated === 0 ? fail('NOT_READY', 'calibrate first') : ok(undefined)),
        continueQuantization: () => {
          quantized = true;
          return ok(1);
        },
        quantization: () => ({
          ranges: ranges(),
          layers: [{ name: 'conv1', signalToNoise: 30 }],
          repeatsVectors: false,
        }),
        planShards: (p) => {
          precision = p;
          return p === 'int8' && !quantized ? fail('NOT_READY', 'quantize first') : ok(2);
        },
        shard: (i) => {
          const shard = new TextEncoder().encode(
            `${precision} shard ${i} of ${classes} classes, ${calibrated} pictures`,
          );
          HEAPU8.set(shard, 1024);
          last = shard;
          return ok({ pointer: 1024, bytes: shard.length });
        },
        // Short shards do not get shorter, so they are stored plain.
        compressedShard: () => {
          const packed = gzipSync(last);
          HEAPU8.set(packed, 4096);
          return ok({ pointer: 4096, bytes: packed.length });
        },
        delete: () => undefined,
      };
      return hold(methods, fields);
    },
  };
  /** The best classes of rows of logits. */
  const topK = (logits, classes, { activation, topK: k, threshold, allowed, crops: rows }) => {
    const scores = new Array(classes).fill(0);
    for (let row = 0; row < rows; row++) {
      const at = logits / 4 + row * classes;
      const values = [...HEAPF32.subarray(at, at + classes)];
      if (!values.every(Number.isFinite)) return fail('NOT_FINITE', 'the logit of class 0 is not a finite number');
      for (const [i, score] of SCORES[activation](values).entries()) scores[i] += score / rows;
    }
    const picked = scores
      .map((score, index) => ({ index, score }))
      .filter(({ index, score }) => score >= threshold && (allowed === 0 || HEAPU8[allowed + index] === 1))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, k);
    return ok(picked);
  };
  for (const [type, names] of Object.entries(METHODS))
    for (const name of names.split(' '))
      core[`${type}_${name}`] = (handle, ...args) => objects[handle - 1][name](...args);
  return core;
}
