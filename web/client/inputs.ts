/**
 * Everything that can be given as an image, as bytes, pixels or a bitmap that can cross to a worker. Live things
 * (canvases, videos) are copied at the time of the call, files and addresses when it is their turn.
 */

import { check, fault } from '../base/check.js';
import { describe, ResNet50Error } from '../base/errors.js';
import { checkBytes, type Limits } from '../base/limits.js';
import type { PreparedImage } from '../protocol/messages.js';
import type { FetchInput } from '../weights/http.js';
import { badInput, checkPixels } from './input-checks.js';
import { type Extras, withLate } from './late.js';

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
  | ReadableStream<Uint8Array>
  | RawPixels
  | Drawable;

/** A float32 batch [n, 3, height, width] (or one picture [3, height, width]), already normalized. */
export interface TensorInput {
  tensor: Float32Array;
  shape: readonly [number, number, number] | readonly [number, number, number, number];
}

/** The part of a platform that opens addresses. */
export interface AddressOpener {
  /** What a string given as an image is: an absolute URL, or the bytes of a local file. */
  openAddress(address: string | URL, limits: Limits): URL | Promise<Uint8Array<ArrayBuffer>>;
  /** Fetches what is behind an absolute URL. */
  readonly fetchInput: FetchInput;
  loadExtras(): Promise<Extras>;
}

/** An input on its way: call it when it is the input's turn. */
export type Preparing = (signal?: AbortSignal) => Promise<PreparedImage>;

const KINDS =
  'an image is a path (Node), an address, the bytes of a file, a Blob, raw pixels { data, width, height }, or something the browser can draw';

/** Begins the preparation of one input: copies what may change after the call, and only that. */
export function prepare(input: ImageInput, label: string, platform: AddressOpener, limits: Limits): Preparing {
  const drawable = asDrawable(input);
  if (drawable !== undefined) return prepareDrawable(drawable, label, platform, limits);
  if (typeof input === 'string' || input instanceof URL) return prepareAddress(input, platform, limits);
  if (input instanceof Blob) {
    const name = (input as { name?: string }).name || label;
    return async () => {
      checkBytes(input.size, name, limits);
      return encoded(name, new Uint8Array(await input.arrayBuffer()));
    };
  }
  const isResponse = typeof Response !== 'undefined' && input instanceof Response;
  if (isResponse || (typeof ReadableStream !== 'undefined' && input instanceof ReadableStream)) {
    return readLate(input, (isResponse && input.url) || label, platform, limits);
  }
  if (isBuffer(input) || ArrayBuffer.isView(input)) {
    const bytes = copyBytes(input, label, limits);
    return async () => encoded(label, bytes);
  }
  if (isRawPixels(input)) {
    const pixels = copyPixels(input, label, limits);
    return async () => pixels;
  }
  throw badInput(`${label} is ${kindOf(input)}: ${KINDS}`, label);
}

/** A tensor as a prepared input (copied). */
export function prepareTensor(input: TensorInput, label: string): PreparedImage {
  const { tensor, shape } = input;
  const full = Array.from(shape ?? []);
  if (full.length === 3) full.unshift(1);
  const [n = 0, channels, height = 0, width = 0] = full;
  const ok = full.length === 4 && channels === 3 && full.every((side) => Number.isInteger(side) && side > 0);
  check(
    ok && tensor instanceof Float32Array && n * 3 * height * width === tensor.length,
    label,
    `must be a Float32Array of shape [n, 3, height, width] or [3, height, width]; this one has ${tensor?.length} numbers and shape [${full}]`,
  );
  return { kind: 'tensor', name: label, data: new Float32Array(tensor), shape: [n, 3, height, width] };
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

const isBuffer = (v: unknown): v is ArrayBuffer =>
  v instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && v instanceof SharedArrayBuffer);

function isRawPixels(v: unknown): v is RawPixels {
  if (typeof v !== 'object' || v === null) return false;
  const { data, width, height } = v as Partial<RawPixels>;
  return ArrayBuffer.isView(data) && typeof width === 'number' && typeof height === 'number';
}

function copyBytes(input: ArrayBuffer | ArrayBufferView, name: string, limits: Limits): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(input)
    ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    : new Uint8Array(input);
  checkBytes(view.length, name, limits);
  return new Uint8Array(view);
}

function copyPixels(input: RawPixels, name: string, limits: Limits): PreparedImage {
  const { data, width, height } = input;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw badInput(`${name}: raw pixels are 8-bit (Uint8Array or Uint8ClampedArray), not ${kindOf(data)}`, name);
  }
  const sized = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  check(sized, name, `has ${width} x ${height} pixels, which is no size of an image`);
  checkPixels(width, height, name, limits);
  const channels = input.channels ?? data.length / (width * height);
  if ((channels !== 1 && channels !== 3 && channels !== 4) || data.length !== width * height * channels) {
    const wanted = `${width} x ${height} pixels of ${input.channels ?? '1, 3 or 4'} channels`;
    throw fault(name, `has the wrong length: ${data.length} bytes are not ${wanted}`);
  }
  return { kind: 'pixels', name, data: new Uint8Array(data), width, height, channels };
}

function prepareAddress(input: string | URL, platform: AddressOpener, limits: Limits, attempts = 3): Preparing {
  return async (signal) => {
    const opened = platform.openAddress(input, limits);
    if (!(opened instanceof URL)) return encoded(String(input), await opened);
    const { href } = opened;
    if (opened.protocol === 'data:') return readLate(href, 'the data: address', platform, limits)(signal);
    return encoded(href, await platform.fetchInput({ url: href, maxBytes: limits.maxBytes, attempts }, signal));
  };
}

const readLate =
  (input: Response | ReadableStream<Uint8Array> | string, name: string, platform: AddressOpener, limits: Limits) =>
  async (signal?: AbortSignal): Promise<PreparedImage> =>
    encoded(name, await withLate(platform.loadExtras(), (extras) => extras.readInput(input, name, limits, signal)));

const DRAWABLES = [
  'HTMLImageElement',
  'HTMLCanvasElement',
  'OffscreenCanvas',
  'HTMLVideoElement',
  'ImageBitmap',
  'VideoFrame',
] as const;

/** The name of a drawable's class, without touching classes that this realm lacks. */
function drawableKind(input: unknown): (typeof DRAWABLES)[number] | undefined {
  const scope = globalThis as unknown as Record<string, unknown>;
  return DRAWABLES.find((name) => {
    const type = scope[name];
    return typeof type === 'function' && input instanceof type;
  });
}

const asDrawable = (input: unknown): Drawable | undefined => (drawableKind(input) ? (input as Drawable) : undefined);

function sizeOf(input: Drawable): [number, number] {
  if ('naturalWidth' in input) return [input.naturalWidth, input.naturalHeight];
  if ('videoWidth' in input) return [input.videoWidth, input.videoHeight];
  if ('displayWidth' in input) return [input.displayWidth, input.displayHeight];
  return [input.width, input.height];
}

/**
 * An <img> gives its file, so that our own decoder sees the same bytes as everywhere; if the server does not let us
 * read it again, and for everything else, the picture as drawn.
 */
function prepareDrawable(input: Drawable, label: string, platform: AddressOpener, limits: Limits): Preparing {
  const snapshot = () => snapshotOf(input, label, limits);
  if (drawableKind(input) === 'HTMLImageElement') {
    const element = input as HTMLImageElement;
    return async (signal) => {
      const src = element.currentSrc || element.src;
      try {
        return await prepareAddress(src, platform, limits, 1)(signal); // what fails can be drawn instead
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ResNet50Error && error.code === 'IMAGE_TOO_LARGE') throw error;
        await element.decode?.().catch(() => undefined);
        return snapshot();
      }
    };
  }
  const taken = snapshot();
  taken.catch(() => undefined); // awaited when it is the input's turn
  return () => taken;
}

async function snapshotOf(input: Drawable, label: string, limits: Limits): Promise<PreparedImage> {
  const [width, height] = sizeOf(input);
  const noPixels = (cause?: unknown) =>
    badInput(
      `${label} has no pixels yet: wait until it is loaded (image.decode()) or plays (video.requestVideoFrameCallback())`,
      label,
      cause,
    );
  if (!(width > 0 && height > 0)) throw noPixels();
  checkPixels(width, height, label, limits);
  try {
    const bitmap = await createImageBitmap(input, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
    return { kind: 'bitmap', name: label, bitmap };
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'InvalidStateError') throw noPixels(cause);
    throw badInput(
      `${label} cannot be read (${describe(cause)}): pictures of other origins need crossorigin="anonymous" and a server that allows it`,
      label,
      cause,
    );
  }
}
