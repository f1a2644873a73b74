// What went wrong, in one sentence with the remedy, for a visitor of the page. The package's own messages speak to
// developers ("raise maxPixels"); those that a visitor can act on are worded here.

const FORMATS = 'a JPEG, PNG, WebP, AVIF, GIF or BMP file';

/** A worker or the wasm file of the package: what stands in the way is the line or the server, and it may pass. */
const A_PART_IS_MISSING = 'A part of the network could not be fetched: check the connection, then try again.';

/** By error code of the package, for pictures. */
const PICTURE_SENTENCES = {
  NOT_AN_IMAGE: (name) => `${name} is not a picture: choose ${FORMATS}.`,
  UNSUPPORTED_FORMAT: (name) => `${name} is of a kind that this browser cannot read: save it as JPEG or PNG first.`,
  TRUNCATED_IMAGE: (name) => `${name} ends too early: copy or download it again.`,
  CORRUPT_IMAGE: (name) => `${name} is damaged: open it in an image editor and save it again.`,
  IMAGE_TOO_LARGE: (name) => `${name} is too large: choose a smaller picture, of 64 megapixels at most.`,
  OUT_OF_MEMORY: (name) => `There is not enough memory for ${name}: close other tabs, or choose a smaller picture.`,
  CORE_LOAD_FAILED: () => A_PART_IS_MISSING,
  WORKER_FAILED: () => A_PART_IS_MISSING,
  FETCH_FAILED: () => A_PART_IS_MISSING,
  CORE_CRASHED: () => 'The network stopped unexpectedly: try the picture again, it starts anew by itself.',
};

/** By error code of the package, for loading. */
const LOADING_SENTENCES = {
  WEIGHTS_NOT_FOUND: () =>
    'The weights are missing on this server: publish the folder that “npm run demo:build” writes.',
  UNKNOWN_WEIGHTS: () => 'The weights are missing on this server: publish the folder that “npm run demo:build” writes.',
  WEIGHTS_HASH_MISMATCH: () => 'The weights on this server are damaged: publish them again, then reload this page.',
  FETCH_FAILED: () => 'The weights could not be fetched: check the connection, then try again.',
  SIMD_MISSING: () =>
    'This browser has no WebAssembly SIMD: use Chrome 116, Edge 116, Firefox 124, Safari 17.4 or later.',
  CORE_LOAD_FAILED: () => A_PART_IS_MISSING,
  WORKER_FAILED: () => A_PART_IS_MISSING,
  CORE_CRASHED: () =>
    'The network stopped unexpectedly, perhaps because memory ran out: close other tabs, then try again.',
  OUT_OF_MEMORY: () => 'There is not enough memory for the network: close other tabs, then try again.',
};

/** By name of the error that `getUserMedia` rejects with. */
const CAMERA_SENTENCES = {
  NotAllowedError: 'The camera is blocked: allow it for this page in the browser’s settings, then try again.',
  NotFoundError: 'No camera was found: connect one, or choose a photo instead.',
  NotReadableError: 'The camera is in use elsewhere: close the other program, then try again.',
  TypeError: 'The camera works on https pages and on localhost only: open the page there, or choose a photo instead.',
};

/** The camera of a tab that nobody sees is given back. */
export const CAMERA_LEFT = 'The camera was turned off when you left this tab: turn it on again.';

/** For what a visitor can do nothing else about; the error's own words speak to developers, who look at the console. */
export function unexpected(error) {
  console.error(error);
  return 'Something went wrong on this page: reload it, then try again.';
}

const inOwnWords = (error) => `${error.message.replace(/[.\s]+$/, '')}.`;

const quoted = (name) => (name === '' ? 'The picture' : `“${name}”`);

export const pictureSentence = (error, name) => PICTURE_SENTENCES[error?.code]?.(quoted(name)) ?? unexpected(error);
export const loadingSentence = (error) => LOADING_SENTENCES[error?.code]?.() ?? unexpected(error);
/** By error code of the package, for training and its results. */
const TRAINING_SENTENCES = {
  WEIGHTS_FORMAT: (name) => `${name} is no result of this page: choose a file that was downloaded here.`,
  WEIGHTS_MISMATCH: (name) => `${name} was made for another network: train again.`,
  INVALID_ARGUMENT: (_, error) => inOwnWords(error),
  OUT_OF_MEMORY: () => 'There is not enough memory to train: close other tabs, or use fewer pictures.',
  WORKER_FAILED: () => 'The trainer could not be started: reload the page, then try again.',
  CORE_LOAD_FAILED: () => 'The trainer could not be fetched: check the connection, then try again.',
};

export const trainingSentence = (error, name = '') =>
  TRAINING_SENTENCES[error?.code]?.(quoted(name), error) ?? unexpected(error);
export const cameraSentence = (error) => CAMERA_SENTENCES[error?.name] ?? unexpected(error);
export const sampleSentence = () => 'The sample could not be fetched: check the connection, then try again.';
export const addressSentence = (address) =>
  address.startsWith('data:')
    ? 'The address holds no picture that this browser can read: copy the picture itself.'
    : `There is no picture at that address, or ${new URL(address).host} does not let other pages read it: save the picture, then drop the file.`;
/** Of a picture for which memory ran out. */
export const ONLY_COPY = 'There was not enough memory for the whole picture: the network looked at a smaller copy.';
/** Where several files came in and one can be shown. */
export const onlyFirst = (count, name) =>
  `${quoted(name)} is one of ${count} files: one picture at a time is looked at here.`;
export const noPicture = (name) => PICTURE_SENTENCES.NOT_AN_IMAGE(quoted(name));
