// Kinds of input that people hand over, made by the classes of a realm: a page, a frame in it, a worker, Node.js, a test runner.
// Runs in all of them, so it imports nothing, and `tryKinds` is whole in itself: test runners get it as text.

/** What must come of each kind wherever it can be made: 'taken', or the code of the error. */
const EVERYWHERE = {
  Uint8Array: 'taken',
  Uint8ClampedArray: 'taken',
  ArrayBuffer: 'taken',
  SharedArrayBuffer: 'taken',
  DataView: 'taken',
  'Buffer (Node.js)': 'taken',
  'bytes that were transferred away': 'UNSUPPORTED_INPUT',
  'no bytes': 'NOT_AN_IMAGE',
  Blob: 'taken',
  File: 'taken',
  Response: 'taken',
  'Response that was read before': 'UNSUPPORTED_INPUT',
  'Response with status 404': 'FETCH_FAILED',
  ReadableStream: 'taken',
  'async iterable of chunks': 'taken',
  'Readable (Node.js)': 'taken',
  'address, a string': 'taken',
  'address, a URL': 'taken',
  'address, a String object': 'taken',
  'data: address': 'taken',
  'blob: address': 'taken',
  'file: address': 'taken',
  'path of a file': 'taken',
  'path with colons': 'taken',
  'http://': 'UNSUPPORTED_INPUT',
  'base64 without data:': 'FETCH_FAILED', // a relative address
  ImageData: 'taken',
  'RGB pixels': 'taken',
  'RGBA pixels': 'taken',
  'pixels of a wrong length': 'INVALID_ARGUMENT',
  '<img>': 'taken',
  '<img> whose blob: address is revoked': 'taken',
  '<img> without a source': 'UNSUPPORTED_INPUT',
  '<canvas>': 'taken',
  '<canvas> of 0 x 0': 'UNSUPPORTED_INPUT',
  OffscreenCanvas: 'taken',
  ImageBitmap: 'taken',
  'ImageBitmap that is closed': 'UNSUPPORTED_INPUT',
  VideoFrame: 'taken',
  '<video> without a frame': 'UNSUPPORTED_INPUT',
  'result of preprocess': 'taken',
  'result of preprocess, its tensor copied': 'taken',
  'list of two': 'taken',
  'list with a hole': 'UNSUPPORTED_INPUT',
  '20 calls at once': 'taken',
  'signal of an AbortController': 'taken',
  'aborted signal': 'AbortError',
  'signal: null': 'INVALID_ARGUMENT',
  'transforms in a Proxy': 'taken',
  'unknown option (topk)': 'INVALID_ARGUMENT',
  number: 'UNSUPPORTED_INPUT',
  null: 'UNSUPPORTED_INPUT',
  'empty object': 'UNSUPPORTED_INPUT',
};

const ON_DISK = { 'base64 without data:': 'FILE_NOT_FOUND' }; // a path
const NO_FETCH = {
  'address, a string': 'FETCH_FAILED',
  'address, a URL': 'FETCH_FAILED',
  'address, a String object': 'FETCH_FAILED',
};

/** What is otherwise in a realm, by its name in the table of docs/inputs.md. */
const ELSEWHERE = {
  'Node.js': ON_DISK,
  'Jest (jsdom)': { ...ON_DISK, ...NO_FETCH },
  'Vitest (vmThreads)': ON_DISK,
};

export const KINDS = Object.keys(EVERYWHERE);

/** What must come of the kinds that a realm can make: those for which outcomes are given. */
export function expectedOf(realm, outcomes) {
  const all = { ...EVERYWHERE, ...ELSEWHERE[realm] };
  return Object.fromEntries(Object.keys(outcomes).map((kind) => [kind, all[kind]]));
}

/**
 * Tries all kinds. Gives the outcome by kind: 'taken', a code, the name of an error without one; a kind that the realm has no
 * class for is not in it.
 * @param {object} given
 * @param {object} given.ResNet50
 * @param {object} given.options of `load`
 * @param {object} given.scope the realm's global object
 * @param {number[]} given.file bytes of a picture
 * @param {string} given.address of the picture over HTTP
 * @param {{ path: string, colons: string, url: string, Readable: object }} [given.node] the picture on disk, where there is one
 */
export async function tryKinds({ ResNet50, options, scope, file, address, node }) {
  const model = await ResNet50.load(options);
  const bytes = () => scope.Uint8Array.from(file);
  const blob = () => new scope.Blob([bytes()], { type: 'image/png' });
  const base64 = btoa(String.fromCharCode(...file));
  const pixels = (channels, Type = scope.Uint8ClampedArray) => ({
    ...{ data: new Type(64 * 64 * channels).fill(99), width: 64, height: 64 },
    ...(channels === 3 && { channels }),
  });
  const element = (tag, fields) => Object.assign(scope.document.createElement(tag), fields);
  const image = async (src) => {
    const img = element('img', { src });
    await img.decode();
    return img;
  };
  const bitmap = () => scope.createImageBitmap(blob());
  const seen = await model.preprocess(new Uint8Array(file));
  const needs = (...names) => names.every((name) => scope[name] !== undefined);
  // A simulated document (jsdom) has elements that show nothing.
  const shows = needs('document', 'createImageBitmap');
  const { classify, logits } = {
    classify: (make, more) => async () => model.classify(await make(), more),
    logits: (make) => async () => model.logits(await make()),
  };
  const call = {
    Uint8Array: classify(bytes),
    Uint8ClampedArray: classify(() => scope.Uint8ClampedArray.from(file)),
    ArrayBuffer: classify(() => bytes().buffer),
    SharedArrayBuffer:
      needs('SharedArrayBuffer') &&
      classify(() => {
        const shared = new scope.SharedArrayBuffer(file.length);
        new scope.Uint8Array(shared).set(file);
        return shared;
      }),
    DataView: classify(() => new scope.DataView(bytes().buffer)),
    'Buffer (Node.js)': needs('Buffer') && classify(() => scope.Buffer.from(file)),
    'bytes that were transferred away':
      needs('structuredClone') &&
      classify(() => {
        const moved = bytes();
        scope.structuredClone(moved.buffer, { transfer: [moved.buffer] });
        return moved;
      }),
    'no bytes': classify(() => new scope.Uint8Array()),
    Blob: needs('Blob') && classify(blob),
    File: needs('File') && classify(() => new scope.File([bytes()], 'x.png')),
    Response: needs('Response') && classify(() => new scope.Response(bytes())),
    'Response that was read before':
      needs('Response') &&
      classify(async () => {
        const response = new scope.Response(bytes());
        await response.arrayBuffer();
        return response;
      }),
    'Response with status 404': needs('Response') && classify(() => new scope.Response(bytes(), { status: 404 })),
    ReadableStream: needs('Response', 'ReadableStream') && classify(() => new scope.Response(bytes()).body),
    'async iterable of chunks': classify(() =>
      (async function* () {
        yield bytes().subarray(0, 50);
        yield bytes().subarray(50);
      })(),
    ),
    'Readable (Node.js)': node && classify(() => node.Readable.from([bytes()])),
    'address, a string': classify(() => address),
    'address, a URL': needs('URL') && classify(() => new scope.URL(address)),
    'address, a String object': classify(() => new scope.String(address)),
    'data: address': classify(() => `data:image/png;base64,${base64}`),
    'blob: address':
      typeof scope.URL?.createObjectURL === 'function' && classify(() => scope.URL.createObjectURL(blob())),
    'file: address': node && classify(() => node.url),
    'path of a file': node && classify(() => node.path),
    'path with colons': node && classify(() => node.colons),
    'http://': classify(() => 'http://'),
    'base64 without data:': classify(() => base64),
    ImageData: needs('ImageData') && classify(() => new scope.ImageData(64, 64)),
    'RGB pixels': classify(() => pixels(3)),
    'RGBA pixels': classify(() => pixels(4, scope.Uint8Array)),
    'pixels of a wrong length': classify(() => ({ ...pixels(4), width: 63 })),
    '<img>': shows && classify(() => image(address)),
    '<img> whose blob: address is revoked':
      shows &&
      classify(async () => {
        const img = await image(scope.URL.createObjectURL(blob()));
        scope.URL.revokeObjectURL(img.src);
        return img;
      }),
    '<img> without a source': shows && classify(() => element('img')),
    '<canvas>': shows && classify(() => element('canvas', { width: 64, height: 64 })),
    '<canvas> of 0 x 0': shows && classify(() => element('canvas', { width: 0, height: 0 })),
    OffscreenCanvas:
      needs('OffscreenCanvas') &&
      classify(() => {
        const canvas = new scope.OffscreenCanvas(64, 64);
        canvas.getContext('2d').fillRect(0, 0, 9, 9);
        return canvas;
      }),
    ImageBitmap: needs('createImageBitmap') && classify(bitmap),
    'ImageBitmap that is closed':
      needs('createImageBitmap') &&
      classify(async () => {
        const closed = await bitmap();
        closed.close();
        return closed;
      }),
    VideoFrame:
      needs('VideoFrame', 'createImageBitmap') &&
      classify(async () => new scope.VideoFrame(await bitmap(), { timestamp: 0 })),
    '<video> without a frame': shows && classify(() => element('video')),
    'result of preprocess': logits(() => seen),
    'result of preprocess, its tensor copied': logits(() => ({
      ...seen,
      tensor: scope.Float32Array.from(seen.tensor),
    })),
    'list of two': classify(() => scope.Array.of(bytes(), bytes())),
    'list with a hole': classify(() => Object.assign(new scope.Array(3), { 0: bytes(), 2: bytes() })),
    '20 calls at once': () => Promise.all(Array.from({ length: 20 }, () => model.classify(bytes()))),
    'signal of an AbortController':
      needs('AbortController') &&
      ((signal) => model.classify(bytes(), { signal })).bind(null, new scope.AbortController().signal),
    'aborted signal': needs('AbortSignal') && (() => model.classify(bytes(), { signal: scope.AbortSignal.abort() })),
    'signal: null': () => model.classify(bytes(), { signal: null }),
    'transforms in a Proxy': classify(bytes, { transforms: new scope.Proxy({ mean: [0.4, 0.4, 0.4] }, {}) }),
    'unknown option (topk)': classify(bytes, { topk: 1 }),
    number: classify(() => 7),
    null: classify(() => null),
    'empty object': classify(() => new scope.Object()),
  };
  const outcomes = {};
  for (const [kind, attempt] of Object.entries(call)) {
    if (!attempt) continue;
    outcomes[kind] = await attempt().then(
      () => 'taken',
      (error) => error?.code?.toString().match(/^[A-Z_]+$/)?.[0] ?? error?.name ?? String(error),
    );
  }
  await model.dispose();
  return outcomes;
}
