/**
 * Files that users hand over: checkpoints and names of classes.
 */
import { fault, tagOf } from '../base/check.js';
import { bounded, ResNet50Error } from '../base/errors.js';
import type { Limits } from '../base/limits.js';
import { type AddressOpener, type ImageInput, prepare } from '../client/inputs.js';
import type { CheckpointOpening } from '../protocol/conversion.js';
import type { FileInput } from './convert-options.js';
import { type LabelsText, MAX_LABELS_BYTES } from './labels.js';

/** Ten times a state dict in float32. */
export const MAX_CHECKPOINT_BYTES = 2 ** 30;

/** True for Blobs and Files of whatever realm. */
export const isBlob = (v: unknown): v is Blob => /^(Blob|File)$/.test(tagOf(v));

/** The name of a file, as far as it has one. */
export function nameOf(input: FileInput): string {
  const address = typeof input === 'string' || tagOf(input) === 'URL' ? String(input) : (input as Response).url;
  if (typeof (input as File).name === 'string' && isBlob(input)) return bounded((input as File).name, 200);
  if (address === undefined || address === '' || address.startsWith('data:')) return 'checkpoint';
  const [path = ''] = address.split(/[?#]/);
  return bounded(
    path
      .split(/[/\\]/)
      .filter((part) => part !== '')
      .at(-1) ?? 'checkpoint',
    200,
  );
}

export type Content = CheckpointOpening['content'];

/**
 * A file on its way: a Blob as it is, all else as bytes.
 * @throws ResNet50Error UNSUPPORTED_INPUT, for what cannot be a file
 */
export function openLate(
  platform: AddressOpener,
  input: FileInput,
  name: string,
  limits: Limits,
  signal: AbortSignal | undefined,
): () => Promise<Content> {
  if (isBlob(input)) {
    if (input.size > limits.maxBytes) throw tooLong(name, limits);
    return async () => input;
  }
  const preparing = adopted(name, limits, () => prepare(input as ImageInput, name, platform, limits));
  return async () => {
    const file = await adopted(name, limits, () => preparing(signal));
    if (file.kind === 'bytes') return file.bytes;
    throw new ResNet50Error('UNSUPPORTED_INPUT', `${name} must be a file, not a picture`, { subject: name });
  };
}

const tooLong = (name: string, { maxBytes }: Limits): ResNet50Error =>
  new ResNet50Error(
    'CHECKPOINT_FORMAT',
    `${name} has more than ${maxBytes} bytes: save the state dict of the ResNet-50 alone`,
    { subject: name },
  );

/** Inputs that are too long are refused as pictures are: said of a checkpoint. */
function adopted<T>(name: string, limits: Limits, use: () => T): T {
  const refuse = (error: unknown): never => {
    throw (error as ResNet50Error).code === 'IMAGE_TOO_LARGE' ? tooLong(name, limits) : error;
  };
  try {
    const result = use();
    return result instanceof Promise ? (result.catch(refuse) as T) : result;
  } catch (error) {
    return refuse(error);
  }
}

export async function readLabels(name: string, open: (() => Promise<Content>) | undefined): Promise<LabelsText> {
  const content = (await open?.()) ?? new Uint8Array();
  const length = 'size' in content ? content.size : content.length;
  if (length > MAX_LABELS_BYTES)
    throw fault(name, `has more than ${MAX_LABELS_BYTES} bytes: give the class names alone`);
  const bytes = 'size' in content ? new Uint8Array(await content.arrayBuffer()) : content;
  return { name, text: new TextDecoder().decode(bytes) };
}
