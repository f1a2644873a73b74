/**
 * The one error type of the package, with a code for each remedy. Errors cross worker boundaries as plain objects.
 */

/** Codes that the C++ core gives; the spelling is that of src/base/result.cc. */
export type CoreErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_AN_IMAGE'
  | 'UNSUPPORTED_FORMAT'
  | 'TRUNCATED_IMAGE'
  | 'CORRUPT_IMAGE'
  | 'IMAGE_TOO_LARGE'
  | 'OUT_OF_MEMORY'
  | 'CHECKPOINT_FORMAT'
  | 'CHECKPOINT_MISMATCH'
  | 'WEIGHTS_FORMAT'
  | 'WEIGHTS_MISMATCH'
  | 'NOT_READY'
  | 'NOT_FINITE'
  | 'INTERNAL';

/** Every value that `error.code` can have. */
export type ErrorCode =
  | CoreErrorCode
  /** No weights of that name; the message lists those that exist. */
  | 'UNKNOWN_WEIGHTS'
  /** The weights exist but are not where `load` looks; the message names the command that puts them there. */
  | 'WEIGHTS_NOT_FOUND'
  /** A shard's bytes are not those that the manifest promises. */
  | 'WEIGHTS_HASH_MISMATCH'
  /** `manifest.json` is not one of ours; the message names the field. */
  | 'MANIFEST_FORMAT'
  /** `manifest.json` was written by a later version of this package. */
  | 'MANIFEST_TOO_NEW'
  /** A request failed for good (after retries where they could help). */
  | 'FETCH_FAILED'
  /** A file or folder given by path does not exist or cannot be read. */
  | 'FILE_NOT_FOUND'
  /** A file or folder given by path cannot be written: no room on the disk, no permission. */
  | 'CANNOT_WRITE'
  /** The model was disposed of. */
  | 'DISPOSED'
  /** This engine has no WebAssembly SIMD, which every flavour needs. */
  | 'SIMD_MISSING'
  /** This engine lacks a function that every call needs. */
  | 'ENGINE_TOO_OLD'
  /** A threaded flavour was demanded where threads cannot run. */
  | 'THREADS_UNAVAILABLE'
  /** The wasm module could not be fetched, compiled or started. */
  | 'CORE_LOAD_FAILED'
  /** The wasm module trapped or its worker died; the next call starts a fresh one. */
  | 'CORE_CRASHED'
  /** The worker could not be started. */
  | 'WORKER_FAILED'
  /** The value given as an image is of no kind that this platform takes. */
  | 'UNSUPPORTED_INPUT';

/** A text with its middle left out where it is longer than `most`: what people pass as a name may be a whole file. */
export const bounded = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most / 2)} [...] ${text.slice(-most / 2)}` : text;

/** What goes wrong in this package (aborts apart: those reject with the signal's own reason). */
export class ResNet50Error extends Error {
  override readonly name = 'ResNet50Error';
  /** Machine-readable reason; one code for each remedy. */
  readonly code: ErrorCode;
  /** The file, shard, tensor, field or option that is wrong; may be empty. */
  readonly subject: string;

  constructor(code: ErrorCode, message: string, options: { subject?: string; cause?: unknown } = {}) {
    super(bounded(message, 1000), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.subject = bounded(options.subject ?? '', 200);
  }
}

/** An error as a plain object, for `postMessage`. */
export interface PlainError {
  code: ErrorCode | 'ABORTED';
  message: string;
  subject: string;
  cause?: string;
}

/** The error for a request that failed for good. */
export const fetchFailed = (url: string, why: string, cause?: unknown): ResNet50Error =>
  new ResNet50Error('FETCH_FAILED', `${url} could not be fetched: ${why}`, { subject: url, cause });

/** CORE_CRASHED for what came out of a call into the core: its memory is in an unknown state. */
export const coreCrashed = (cause: unknown): ResNet50Error =>
  new ResNet50Error('CORE_CRASHED', `the core stopped working (${describe(cause)}); the next call starts a fresh one`, {
    cause,
  });

/** Turns whatever was thrown into a plain object; what no code of ours expected is a bug of this package. */
export function toPlainError(thrown: unknown): PlainError {
  const error = thrown instanceof WebAssembly.RuntimeError ? coreCrashed(thrown) : thrown;
  if (error instanceof ResNet50Error) {
    const { code, message, subject, cause } = error;
    return { code, message, subject, ...(cause === undefined ? {} : { cause: describe(cause) }) };
  }
  if (isAbort(error)) return { code: 'ABORTED', message: describe(error), subject: '' };
  return { code: 'INTERNAL', message: `a bug of resnet50-wasm: ${describe(error)}`, subject: '' };
}

/** The reverse of {@link toPlainError}. */
export function fromPlainError(plain: PlainError): Error {
  if (plain.code === 'ABORTED') return new DOMException(plain.message, 'AbortError');
  return new ResNet50Error(plain.code, plain.message, { subject: plain.subject, cause: plain.cause });
}

/** Errors of the modules that are loaded late have a class of their own: as one of ours. */
export function adopt(error: unknown): unknown {
  const { name, code, message, subject, cause } = (error ?? {}) as ResNet50Error;
  if (name !== 'ResNet50Error' || error instanceof ResNet50Error) return error;
  return new ResNet50Error(code, message, { subject, cause });
}

/** True for the errors with which platforms reject aborted work. */
export function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'AbortError';
}

/** An error of one of several pictures or examples, with its place among them. */
export function naming(place: string, error: unknown): unknown {
  const { name, code, message, subject, cause } = (error ?? {}) as ResNet50Error;
  if (name !== 'ResNet50Error' || message.includes(place)) return error;
  return new ResNet50Error(code, `${place}: ${message}`, { subject, cause });
}

/** True if a decoder does not read a file that another decoder may read. */
export const isUndecodable = (error: { code?: string } | undefined): boolean =>
  /^(NOT_AN|TRUNCATED|CORRUPT)_IMAGE$|^UNSUPPORTED_FORMAT$/.test(error?.code ?? '');

/** One line about anything thrown. */
export function describe(error: unknown): string {
  const { message, name } = (error ?? {}) as Error; // errors of other realms are no instances of ours
  return message || name || String(error);
}
