/**
 * Reference logits: names of pictures and what another program's network said of each, as .npz or safetensors.
 */
import { fault, isFields } from '../base/check.js';
import { readBytes } from '../base/read.node.js';
import { type NumpyArray, readNpz } from './npz.js';

/** What another network said of pictures. */
export interface Reference {
  names: string[];
  /** One row of logits per picture. */
  rows: Float64Array[];
  classes: number;
  /** Where the program found the pictures, if the file tells. */
  folder: string | null;
}

/** Longest file, bytes. */
const MAX_BYTES = 5e8;
const HOW = 'write it with the snippet in docs/trust.md: np.savez(FILE, names=names, logits=logits)';

/** @throws ResNet50Error FILE_NOT_FOUND, INVALID_ARGUMENT naming what is wrong with the file */
export async function readReference(path: string): Promise<Reference> {
  const refused = (why: string) => fault(path, why);
  const tooLong = () => {
    throw refused(`has more than ${MAX_BYTES} bytes: a few hundred pictures are enough`);
  };
  const bytes = await readBytes(path, { maxBytes: MAX_BYTES, tooLong });
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const arrays = zip ? readNpz(bytes, refused) : readSafetensors(bytes, refused);
  return referenceOf(arrays, refused);
}

function referenceOf(arrays: ReadonlyMap<string, NumpyArray>, refused: (why: string) => Error): Reference {
  const choose = (name: string, fits: (array: NumpyArray) => boolean): NumpyArray | undefined => {
    const named = arrays.get(name);
    const fitting = [...arrays.values()].filter(fits);
    return named !== undefined && fits(named) ? named : fitting.length === 1 ? fitting[0] : undefined;
  };
  const found = [...arrays].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join('; ') || 'nothing';
  const logits = choose('logits', ({ numbers, shape }) => numbers !== undefined && shape.length === 2);
  if (logits?.numbers === undefined)
    throw refused(`has no array 'logits' of [pictures, classes], but ${found}: ${HOW}`);
  const names = choose('names', ({ texts, shape }) => texts !== undefined && shape.length === 1)?.texts;
  if (names === undefined) throw refused(`has no array 'names' with one text per picture, but ${found}: ${HOW}`);
  const [pictures = 0, classes = 0] = logits.shape;
  if (names.length !== pictures || pictures === 0 || classes === 0)
    throw refused(`has ${names.length} names for ${pictures} rows of ${classes} logits`);
  const all = logits.numbers;
  const rows = names.map((_, i) => all.subarray(i * classes, (i + 1) * classes));
  const strange = rows.findIndex((row) => !row.every(Number.isFinite));
  if (strange >= 0) throw refused(`has logits of ${names[strange]} that are not finite numbers`);
  if (classes > 1 && rows.every(isDistribution))
    throw refused('holds probabilities (each row has the sum 1): write the output of the network before softmax');
  const folder = arrays.get('folder')?.texts?.[0] ?? null;
  return { names, rows, classes, folder };
}

const isDistribution = (row: Float64Array): boolean =>
  row.every((value) => value >= 0 && value <= 1) && Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-3;

const WIDTHS: Readonly<Record<string, number>> = { F32: 4, F64: 8 };

/** Tensors of a safetensors file; names of pictures (and the folder) are JSON in its metadata. */
function readSafetensors(bytes: Uint8Array, refused: (why: string) => Error): Map<string, NumpyArray> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = bytes.length < 10 ? 0 : Number(view.getBigUint64(0, true));
  const damaged = () => refused(`is neither .npz nor safetensors: ${HOW}`);
  if (length < 2 || length > bytes.length - 8) throw damaged();
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw damaged();
  }
  if (!isFields(header)) throw damaged();
  const arrays = new Map<string, NumpyArray>();
  for (const [name, entry] of Object.entries(header)) {
    const array = name === '__metadata__' ? undefined : tensor(entry, view, 8 + length);
    if (array !== undefined) arrays.set(name, array);
  }
  const { names, folder } = isFields(header.__metadata__) ? header.__metadata__ : ({} as Record<string, unknown>);
  const list = textList(names);
  if (list !== undefined) arrays.set('names', { shape: [list.length], texts: list });
  if (typeof folder === 'string') arrays.set('folder', { shape: [], texts: [folder] });
  return arrays;
}

const isCount = (side: unknown): boolean => Number.isSafeInteger(side) && (side as number) >= 0;

function tensor(entry: unknown, view: DataView, data: number): NumpyArray | undefined {
  if (!isFields(entry) || !Array.isArray(entry.shape) || !Array.isArray(entry.data_offsets)) return undefined;
  const [shape, [begin, end]] = [entry.shape as number[], entry.data_offsets as number[]];
  const width = WIDTHS[entry.dtype as string];
  const entries = shape.every(isCount) ? shape.reduce((product, side) => product * side, 1) : Number.NaN;
  const inside = Number.isInteger(begin) && Number.isInteger(end) && (begin as number) >= 0;
  const fits = inside && (end as number) - (begin as number) === entries * (width ?? 0);
  if (width === undefined || !fits || data + (end as number) > view.byteLength) return undefined;
  const at = (i: number): number => data + (begin as number) + i * width;
  const read = (i: number) => (width === 4 ? view.getFloat32(at(i), true) : view.getFloat64(at(i), true));
  return { shape, numbers: Float64Array.from({ length: entries }, (_, i) => read(i)) };
}

/** A JSON list of texts, or one text per line. */
function textList(text: unknown): string[] | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((name) => typeof name === 'string')) return list;
  } catch {
    // Lines, then.
  }
  return text.split(/\r?\n/).filter((line) => line !== '');
}
