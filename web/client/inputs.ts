/**
 * Everything that can be given as an image, as bytes, pixels or a bitmap that can cross to a worker. Live things
 * (canvases, videos) are copied at the time of the call, files and addresses when it is their turn.
 */

import { check, fault, isAddress, tagOf } from '../base/check.js';
import { bounded, describe, isUndecodable, type ResNet50Error } from '../base/errors.js';
import { checkBytes, type Limits } from '../base/limits.js';
import type { PreparedImage } from '../protocol/messages.js';
import type { FetchInput } from '../weights/http.js';
import { badInput, checkPixels, readBlob } from './input-checks.js';
import { type Extras, withLate } from './late.js';
import type { ByteStream } from './read-input.js';
import { isTensor, prepareTensor, type TensorInput } from './tensors.js';

/** 8-bit pixels, rows top to bottom, channels interleaved (gray, RGB or RGBA), no padding. ImageData is one. */
export interface RawPixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  /** 1, 3 or 4; by default what the length of `data` says. */
  channels?: 1 | 3 | 4 | undefined;
}

/** What the browser can draw. */
export type Drawable =
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | ImageBitmap
  | VideoFrame;

/**
 * An image: the path of a file (Node), an address (http, https, data, blob, file), the bytes of a file in whatever
 * container, raw pixels, or anything the browser can draw.
 */
export type ImageInput =
  | string
  | URL
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | Response
  | ByteStream
  | RawPixels
  | Drawable;

/** The part of a platform that opens addresses. */
export interface AddressOpener {
  /** What a string given as an image is: an absolute URL, or the bytes of a local file. */
  openAddress(address: string | URL, limits: Limits, signal?: AbortSignal): URL | Promise<Uint8Array<ArrayBuffer>>;
  /** Fetches what is behind an absolute URL. */
  readonly fetchInput: FetchInput;
  loadExtras(): Promise<Extras>;
  /** Reads what is drawn where there are no bitmaps (canvases of jsdom and of packages for Node.js). */
  readCanvas?(input: Drawable, width: number, height: number, label: string): RawPixels | undefined;
  /** Reads Blobs that may not read themselves (jsdom's). */
  readBlob?(blob: Blob): Promise<ArrayBuffer>;
}

/** What an <img> can show. */
export type Showable = Blob | string | HTMLImageElement;

/** An input on its way: call it when it is the input's turn. */
export type Preparing = (signal?: AbortSignal) => Promise<PreparedImage>;

const KINDS =
  'an image is a path (Node), an address, the bytes of a file, a Blob, raw pixels { data, width, height }, or something the browser can draw';

/**
 * Begins the preparation of one input: copies what may change after the call, and only that. Inputs are taken by what
 * they are, not by whose class made them: those of frames, of test runners' realms and of jsdom are no instances of ours.
 */
export function prepare(
  input: ImageInput | TensorInput,
  label: string,
  platform: AddressOpener,
  limits: Limits,
): Preparing {
  if (isDrawable(input)) return prepareDrawable(input, label, platform, limits);
  if (isAddress(input)) return prepareAddress(input, label, platform, limits);
  if (isBlob(input)) {
    const name = bounded((input as { name?: string }).name || label, 200);
    return async () => {
      checkBytes(input.size, name, limits);
      const bytes = await readBlob(input, name, platform.readBlob);
      checkBytes(bytes.length, name, limits); // another library's may be longer than it says
      return showable(encoded(name, bytes), input);
    };
  }
  const isResponse = tagOf(input) === 'Response';
  if (isResponse || isStream(input)) {
    const name = (isResponse && (input as Response).url) || label;
    return readLate(input as Response | ByteStream, bounded(name, 200), platform, limits);
  }
  if (isBuffer(input) || ArrayBuffer.isView(input)) {
    const bytes = copyBytes(input, label, limits);
    return async () => encoded(label, bytes);
  }
  if (isTensor(input)) {
    const tensor = prepareTensor(input, label);
    check(tensor.shape[0] === 1, label, 'must be one picture: give a batch alone, not in a list');
    return async () => tensor;
  }
  if (isRawPixels(input)) {
    const pixels = copyPixels(input, label, limits);
    return async () => pixels;
  }
  throw badInput(`${label} is ${kindOf(input)}: ${KINDS}`, label);
}

/** The buffers of a prepared image that can be moved instead of copied. */
export function transferables(image: PreparedImage): Transferable[] {
  if (image.kind === 'bitmap') return [image.bitmap];
  return [image.kind === 'bytes' ? image.bytes.buffer : image.data.buffer];
}

const encoded = (name: string, bytes: Uint8Array<ArrayBuffer>): PreparedImage => ({ kind: 'bytes', name, bytes });

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `of type ${typeof value}`;
}

const isBuffer = (v: unknown): v is ArrayBuffer => /^(Shared)?ArrayBuffer$/.test(tagOf(v));

const isStream = (v: unknown): v is ByteStream =>
  typeof (v as ReadableStream | undefined)?.getReader === 'function' ||
  typeof (v as AsyncIterable<unknown> | undefined)?.[Symbol.asyncIterator] === 'function';

/** jsdom's older Blobs do not read themselves. */
const isBlob = (v: unknown): v is Blob =>
  /^(Blob|File)$/.test(tagOf(v)) ||
  (typeof (v as Blob | undefined)?.size === 'number' && typeof (v as Blob).arrayBuffer === 'function');

function isRawPixels(v: unknown): v is RawPixels {
  if (typeof v !== 'object' || v === null) return false;
  const { data, width, height } = v as Partial<RawPixels>;
  return ArrayBuffer.isView(data) && typeof width === 'number' && typeof height === 'number';
}

function copyBytes(input: ArrayBuffer | ArrayBufferView, name: string, limits: Limits): Uint8Array<ArrayBuffer> {
  let view: Uint8Array;
  try {
    view = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
  } catch (cause) {
    throw badInput(`${name}: its bytes are gone (the buffer was transferred): pass a copy`, name, cause);
  }
  checkBytes(view.length, name, limits);
  return new Uint8Array(view);
}

function copyPixels(input: RawPixels, name: string, limits: Limits): PreparedImage {
  const { data, width, height } = input;
  if (!/^Uint8(Clamped)?Array$/.test(tagOf(data))) {
    throw badInput(`${name}: raw pixels are 8-bit (Uint8Array or Uint8ClampedArray), not ${kindOf(data)}`, name);
  }
  const sized = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  check(sized, name, `has ${width} x ${height} pixels, which is no size of an image`);
  checkPixels(width, height, name, limits);
  const channels = input.channels ?? data.length / (width * height);
  if ((channels !== 1 && channels !== 3 && channels !== 4) || data.length !== width * height * channels) {
    const wanted = `${width} x ${height} pixels of ${String(input.channels ?? '1, 3 or 4')} channels`;
    throw fault(name, `has the wrong length: ${data.length} bytes are not ${wanted}`);
  }
  return { kind: 'pixels', name, data: new Uint8Array(data), width, height, channels };
}

function prepareAddress(
  input: string | URL,
  label: string,
  platform: AddressOpener,
  limits: Limits,
  attempts = 3,
): Preparing {
  const text = String(input);
  // No path and no address is that long before its first colon.
  if (/^[^:]{4096}/.test(text)) {
    throw badInput(
      `${label} is a text of ${text.length} characters ('${text.slice(0, 32)}...'), too long for a path or an address: in front of base64 belongs 'data:image/jpeg;base64,'`,
      label,
    );
  }
  if (text === '') throw badInput(`${label} is an empty text: ${KINDS}`, label);
  return async (signal) => {
    const name = text.startsWith('data:') ? 'the data: address' : bounded(text, 200);
    let opened: ReturnType<AddressOpener['openAddress']>;
    try {
      opened = platform.openAddress(text, limits, signal);
    } catch (cause) {
      throw badInput(`${name} is no address: ${describe(cause)}`, name, cause);
    }
    if (!('href' in opened)) return encoded(name, await opened);
    const { href } = opened;
    if (opened.protocol === 'data:') return showable(await readLate(href, name, platform, limits)(signal), href);
    const bytes = await platform.fetchInput({ url: href, maxBytes: limits.maxBytes, attempts }, signal);
    return showable(encoded(bounded(href, 200), bytes), href);
  };
}

const readLate =
  (input: Response | ByteStream | string, name: string, platform: AddressOpener, limits: Limits) =>
  async (signal?: AbortSignal): Promise<PreparedImage> =>
    encoded(name, await withLate(platform.loadExtras(), (extras) => extras.readInput(input, name, limits, signal)));

const DRAWABLES = [
  'HTMLImageElement',
  'HTMLCanvasElement',
  'OffscreenCanvas',
  'HTMLVideoElement',
  'ImageBitmap',
  'VideoFrame',
];

const isDrawable = (input: unknown): input is Drawable => DRAWABLES.includes(tagOf(input));

function sizeOf(input: Drawable): [number, number] {
  if ('naturalWidth' in input) return [input.naturalWidth, input.naturalHeight];
  if ('videoWidth' in input) return [input.videoWidth, input.videoHeight];
  if ('displayWidth' in input) return [input.displayWidth, input.displayHeight];
  return [input.width, input.height];
}

/** What an <img> of the page can show of prepared files. */
const shown = new WeakMap<PreparedImage, Showable>();

function showable(image: PreparedImage, as: Showable): PreparedImage {
  shown.set(image, as);
  return image;
}

/**
 * The same picture as the page's <img> shows it, which may be more than any decoder reads: files that end early, drawings.
 * Undefined where there is no page, or if that is not why it failed.
 */
export async function asDrawn(image: PreparedImage, error: unknown, platform: AddressOpener, limits: Limits) {
  const as = shown.get(image);
  if (as === undefined || typeof Image !== 'function' || !isUndecodable(error as ResNet50Error)) return undefined;
  return withLate(platform.loadExtras(), (extras) => extras.drawFile(as, image.name, limits)).catch(() => undefined);
}

/**
 * An <img> gives its file, so that our own decoder sees the same bytes as everywhere; if the server does not let us
 * read it again, and for everything else, the picture as drawn.
 */
function prepareDrawable(input: Drawable, label: string, platform: AddressOpener, limits: Limits): Preparing {
  const snapshot = () => snapshotOf(input, label, platform, limits);
  if (tagOf(input) === 'HTMLImageElement') {
    const element = input as HTMLImageElement;
    return async (signal) => {
      try {
        // What fails can be drawn instead: one attempt.
        const file = await prepareAddress(element.currentSrc || element.src, label, platform, limits, 1)(signal);
        return showable(file, element);
      } catch (error) {
        signal?.throwIfAborted();
        if (platform.readCanvas || (error as ResNet50Error).code === 'IMAGE_TOO_LARGE') throw error;
        await element.decode?.().catch(() => undefined);
        return snapshot();
      }
    };
  }
  const taken = snapshot();
  taken.catch(() => undefined); // awaited when it is the input's turn
  return () => taken;
}

async function snapshotOf(
  input: Drawable,
  label: string,
  platform: AddressOpener,
  limits: Limits,
): Promise<PreparedImage> {
  const [width, height] = sizeOf(input);
  const noPixels = (cause?: unknown) =>
    badInput(
      `${label} has no pixels yet: wait until it is loaded (image.decode()) or plays (video.requestVideoFrameCallback())`,
      label,
      cause,
    );
  if (!(width > 0 && height > 0)) throw noPixels();
  checkPixels(width, height, label, limits);
  const pixels = platform.readCanvas?.(input, width, height, label);
  if (pixels !== undefined) return copyPixels(pixels, label, limits);
  try {
    const bitmap = await createImageBitmap(input, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
    return { kind: 'bitmap', name: label, bitmap };
  } catch (cause) {
    if ((cause as Error).name === 'InvalidStateError') throw noPixels(cause);
    throw badInput(
      `${label} cannot be read (${describe(cause)}): pictures of other origins need crossorigin="anonymous" and a server that allows it`,
      label,
      cause,
    );
  }
}
