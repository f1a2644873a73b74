// A stand-in for the compiled core that keeps web/core/types.ts's contract in plain JavaScript: memory with an allocator, a
// picture format of its own ('IMG' and JSON), logits that show which picture was seen. 'TRAP' in place of a picture
// ends like a wasm trap, 'DEEP' like a stack that is too deep; for 'ODD' it breaks the contract. Counts what is allocated so that leaks show as memoryBytes.
import { gzipSync } from 'node:zlib';

const ok = (value) => ({ value });
const fail = (code, message, subject = '') => ({ error: { code, message, subject } });

export default async function factory(options = {}) {
  const file = options.locateFile?.('core.wasm') ?? '';
  if (file.includes('nowhere')) throw new Error(`ENOENT: no such file, open '${file}'`);
  const HEAPU8 = new Uint8Array(64 * 2 ** 20);
  const HEAPF32 = new Float32Array(HEAPU8.buffer);
  const blocks = new Map();
  let top = 16;
  let live = 0;
  const text = (pointer, bytes) => new TextDecoder().decode(HEAPU8.slice(pointer, pointer + bytes));
  const makeImage = (pixel) => {
    live++;
    return { width: 8, height: 8, pixels: 0, format: 'raw', orientation: 1, pixel, delete: () => void live-- };
  };

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
    memoryBytes: () => live + [...blocks.values()].reduce((a, b) => a + b, 0),
    decodeImage(pointer, bytes, { maxPixels }) {
      const content = text(pointer, bytes);
      if (content.startsWith('TRAP')) throw new WebAssembly.RuntimeError('unreachable');
      if (content.startsWith('DEEP')) throw new RangeError('Maximum call stack size exceeded');
      if (content.startsWith('ODD')) return undefined;
      if (content.startsWith('RIFF'))
        return fail('UNSUPPORTED_FORMAT', 'WebP is not read here: convert it to JPEG or PNG');
      if (!content.startsWith('IMG')) return fail('NOT_AN_IMAGE', 'the bytes begin with no image signature');
      if (maxPixels < 64) return fail('IMAGE_TOO_LARGE', `8 x 8 pixels are over the limit of ${maxPixels}`);
      return ok(makeImage(JSON.parse(content.slice(3)).pixel));
    },
    imageFromPixels: (pointer) => ok(makeImage(HEAPU8[pointer])),
    // Its pixel tells what was asked for: the angle in degrees / 90, and the corner of the box.
    viewImage: (image, degrees, left, top, width, height) =>
      width > 0 && height > 0
        ? ok(makeImage(image.pixel + degrees / 90 + left + top))
        : fail('INVALID_ARGUMENT', 'holds no pixel of the image', 'region'),
    cropImage: (image, { cropSize }) => {
      const pixels = core.allocate(cropSize * cropSize * 3);
      blocks.delete(pixels);
      HEAPU8.fill(image.pixel, pixels, pixels + cropSize * cropSize * 3);
      return ok({ ...makeImage(image.pixel), width: cropSize, height: cropSize, pixels });
    },
    createNetwork({ classes, threads, precision }) {
      if (threads !== (options.pthreadPoolSize ?? 0) + 1) throw new Error('threads and pool differ');
      const loaded = [];
      const logits = core.allocate(classes * 4 * 16);
      blocks.delete(logits);
      const fill = (row, pixel) => {
        for (let i = 0; i < classes; i++) HEAPF32[logits / 4 + row * classes + i] = i === pixel % classes ? 5 : i / 100;
      };
      return ok({
        classes,
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
        run: (image, _transforms, crops) => {
          for (let row = 0; row < crops; row++) fill(row, image.pixel + row);
          return ok(logits);
        },
        keep: (stage) => (stage === 'layer9' ? fail('INVALID_ARGUMENT', 'is no stage', stage) : ok(undefined)),
        kept: () => ok({ pointer: logits, channels: classes, height: 1, width: 1 }),
        activationMap: () => ok({ pointer: logits, channels: classes, height: 1, width: 1 }),
        runTensor: (pointer, n) => {
          for (let row = 0; row < n; row++) fill(row, HEAPF32[pointer / 4]);
          return ok(logits);
        },
        delete: () => undefined,
      });
    },
    topK(logits, rows, classes, k, threshold, allowed) {
      const scores = new Array(classes).fill(0);
      for (let row = 0; row < rows; row++) {
        const at = logits / 4 + row * classes;
        const powers = Array.from(HEAPF32.subarray(at, at + classes), Math.exp);
        const sum = powers.reduce((a, v) => a + v, 0);
        for (const [i, power] of powers.entries()) scores[i] += power / sum / rows;
      }
      return scores
        .map((score, index) => ({ index, score }))
        .filter(({ index, score }) => score >= threshold && (allowed === 0 || HEAPU8[allowed + index] === 1))
        .sort((a, b) => b.score - a.score || a.index - b.index)
        .slice(0, k);
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
      return ok({
        classes,
        recognized: {
          ...{ naming: 'torchvision', prefix: '', head: 'fc', headNorm: '', key: '.', others: [], leftOut: [] },
          ...recognized,
        },
        parameters: 1000 + classes,
        calibrate: () => ok(void calibrated++),
        calibrateGenerated: () => ok(void calibrated++),
        // Pixels of 100 and more are another class than in int8.
        runFloat: (image) => {
          const logits = core.allocate(classes * 4);
          core.release(logits);
          const best = (image.pixel + Number(image.pixel >= 100)) % classes;
          for (let i = 0; i < classes; i++) HEAPF32[logits / 4 + i] = i === best ? 5 : i / 100;
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
      });
    },
  };
  return core;
}
