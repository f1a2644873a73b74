// What the page for one's own network says: of files, phases, results, and what went wrong. The package's own messages are
// kept where they speak of a checkpoint: who has one can act on them.
import { megabytes, milliseconds, percent } from './format.js';
import { unexpected } from './sentences.js';

/** What a phase does. */
const PHASES = {
  read: 'Reading the checkpoint',
  calibrate: 'Preparing pictures',
  match: 'Matching batch norm',
  observe: 'Observing activations',
  quantize: 'Quantizing',
  'write-int8': 'Writing int8 files',
  'write-f32': 'Writing float32 files',
  evaluate: 'Comparing on your photos',
};

/** What its steps are; those without count nothing. */
const STEPS = {
  calibrate: 'pictures',
  observe: 'pictures',
  quantize: 'layers',
  'write-int8': 'files',
  'write-f32': 'files',
  evaluate: 'photos',
};

function leftOf(secondsLeft) {
  if (secondsLeft === undefined || secondsLeft === 0) return '';
  const seconds = Math.ceil(secondsLeft);
  if (seconds < 60) return `, about ${seconds} s left`;
  return `, about ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} minutes left`;
}

/** @param {import('resnet50-wasm/convert').ConvertProgress} progress */
export function phaseSentence({ phase, done, total, secondsLeft }) {
  const steps = STEPS[phase];
  return `${PHASES[phase]}${steps === undefined ? '' : `, ${done} of ${total} ${steps}`}${leftOf(secondsLeft)}`;
}

/** 65 -> '1:05 minutes' */
export const duration = (seconds) =>
  seconds < 60
    ? `${Math.max(1, Math.round(seconds))} s`
    : `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')} minutes`;

const inOwnWords = (error) => `${error.message.replace(/[.\s]+$/, '')}.`;

const TOO_LITTLE_MEMORY =
  'There is not enough memory to convert it: close other tabs and programs, or use a computer with more of it.';

/** By error code of the package. */
const SENTENCES = {
  CHECKPOINT_FORMAT: inOwnWords,
  CHECKPOINT_MISMATCH: inOwnWords,
  INVALID_ARGUMENT: inOwnWords,
  UNSUPPORTED_INPUT: inOwnWords,
  NOT_FINITE: inOwnWords,
  OUT_OF_MEMORY: () => TOO_LITTLE_MEMORY,
  SIMD_MISSING: () =>
    'This browser has no WebAssembly SIMD: use Chrome 116, Edge 116, Firefox 124, Safari 17.4 or later.',
  CORE_LOAD_FAILED: () => 'The converter could not be fetched: check the connection, then try again.',
  FETCH_FAILED: () => 'The converter could not be fetched: check the connection, then try again.',
  WORKER_FAILED: () => 'The converter could not be started: reload the page, then try again.',
  CORE_CRASHED: () => `The converter stopped unexpectedly. ${TOO_LITTLE_MEMORY}`,
};

export const conversionSentence = (error) => SENTENCES[error?.code]?.(error) ?? unexpected(error);

export const STOPPED = 'Conversion was stopped.';
export const NO_CHECKPOINT = 'There is no checkpoint yet: choose a .pth, .pt, .ckpt, .bin or .safetensors file.';
export const NOT_WANTED = (name) =>
  `“${name}” is no checkpoint, no list of class names and no picture: it was left out.`;

/** What was taken, in the order of the form. */
export function filesSentence({ checkpoint, labels, photos }) {
  const names = labels === undefined ? '' : `, names of classes from ${labels.name}`;
  const pictures = photos.length === 0 ? '' : `, ${photos.length === 1 ? '1 photo' : `${photos.length} photos`}`;
  return checkpoint === undefined
    ? `No checkpoint yet${names}${pictures}.`
    : `${checkpoint.name} (${megabytes(checkpoint.size)} MB)${names}${pictures}.`;
}

/** Least memory of a device, GB, as browsers tell it (they round, and tell no more than 8). */
const LEAST_MEMORY = 4;
const NEEDS = 'Converting takes up to 1.2 GB of memory for a checkpoint of 98 MB';

/**
 * What should be known before anything is tried here; empty where nothing should.
 * @param {{ memory: number | undefined, handheld: boolean }} device
 */
export function deviceSentence({ memory, handheld }) {
  if (handheld)
    return `${NEEDS}, and phones and tablets end pages that take so much: use a computer. What it makes runs on phones.`;
  if (memory !== undefined && memory < LEAST_MEMORY)
    return `${NEEDS}, and this device has about ${memory} GB in all: it may fail here. What it makes runs on small devices.`;
  return '';
}

/** Facts about what was understood and made, as pairs of a term and a text. */
export function understood({ manifest, recognized, seconds, size }) {
  const { prefix, head, headNorm, others, leftOut, key, naming } = recognized;
  const classes = manifest.head === 'none' ? 'none: for embeddings only' : String(manifest.categories.length);
  const { resizeSize, cropSize } = manifest.transforms;
  const stored = Object.values(manifest.precisions).flatMap(({ shards }) => shards);
  const bytes = stored.reduce((sum, shard) => sum + shard.bytes, 0);
  const optional = [
    ['Prefix of its names', prefix],
    ['Network in the file', others.length > 0 ? `${key}, of ${[key, ...others].join(', ')}` : ''],
    ['Left out', leftOut.join(', ')],
  ];
  return [
    ['Network', `ResNet-50, ${manifest.parameters.toLocaleString('en')} parameters`],
    ['Names', `as ${naming} writes them`],
    ['Classifier', head === null ? 'none' : `${head}${headNorm === '' ? '' : `, with ${headNorm} folded in`}`],
    ['Classes', classes],
    ['Pictures', `resized to ${resizeSize}, cropped to ${cropSize} pixels; scores by ${manifest.activation}`],
    ...optional.filter(([, text]) => text !== ''),
    ['Size', `${megabytes(size)} MB before, ${megabytes(bytes)} MB now, in ${stored.length} files`],
    ['Time', duration(seconds)],
  ];
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** @param {import('resnet50-wasm/convert').ConversionReport} report */
export function comparisonSentence({ photos, agreement }) {
  const same = Math.round(agreement * photos.length);
  const most = Math.max(...photos.map(({ difference }) => difference));
  const times = ['f32', 'int8'].map((precision) => mean(photos.map((photo) => photo.milliseconds[precision])));
  const of = photos.length === 1 ? 'the photo' : `${same} of ${photos.length} photos`;
  const start =
    photos.length === 1 && same === 0 ? 'They differ on the photo' : `Both put the same class first on ${of}`;
  return `${start}; scores differ by ${percent(most)} at most. In the converter a photo takes ${milliseconds(times[0])} in float32 and ${milliseconds(times[1])} in int8; the network below is faster.`;
}

/** The lines that load what was made. */
export const snippetFor = (
  name,
) => `// npm install resnet50-wasm; unpack the download into public/weights/ of your project
import { ResNet50 } from 'resnet50-wasm';
const model = await ResNet50.load({ weights: '/weights/${name}/' });
const guesses = await model.classify(document.querySelector('img'));`;

/** README.txt of the download. */
export const readmeFor = ({ name, categories, source, converter }) => `${name}: a ResNet-50 for browsers and Node.js
${'='.repeat(name.length + 37)}

Converted from ${source.file} (SHA-256 ${source.sha256}) by resnet50-wasm ${converter}; ${categories.length} classes.

In a page: put the folder ${name}/ where your site serves files, for example under weights/:

${snippetFor(name)}

In Node.js:

import { ResNet50 } from 'resnet50-wasm';
const model = await ResNet50.load({ weights: './${name}' });
console.log(await model.classify('photo.jpg'));

manifest.json lists the other files with their SHA-256; load checks them.
`;
