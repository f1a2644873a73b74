/**
 * Reads NumPy's .npz and .npy files as far as reference logits need it: numbers in floating point, and text. Nothing is
 * executed: arrays of Python objects are refused.
 */
import { unzipSync } from 'fflate';

/** An array in C order: numbers, or one text per entry. */
export interface NumpyArray {
  shape: number[];
  numbers?: Float64Array;
  texts?: string[];
}

/** All arrays together, bytes: 100,000 pictures of 1000 classes in float32. */
const MAX_BYTES = 4e8;
const MAX_ARRAYS = 64;

/**
 * Arrays by name.
 * @param refused makes the error from the reason
 */
export function readNpz(bytes: Uint8Array, refused: (why: string) => Error): Map<string, NumpyArray> {
  const arrays = new Map<string, NumpyArray>();
  for (const [name, content] of Object.entries(unzip(bytes, refused))) {
    const array = name.replace(/\.npy$/, '');
    arrays.set(
      array,
      readNpy(content, (why) => refused(`has an array '${array}' that ${why}`)),
    );
  }
  return arrays;
}

function unzip(bytes: Uint8Array, refused: (why: string) => Error): Record<string, Uint8Array> {
  let [total, count] = [0, 0];
  let excess: string | undefined;
  try {
    return unzipSync(bytes, {
      filter({ name, originalSize }) {
        total += originalSize;
        if (total > MAX_BYTES || ++count > MAX_ARRAYS)
          excess ??= `holds more than ${MAX_BYTES} bytes or ${MAX_ARRAYS} arrays`;
        return excess === undefined && name.endsWith('.npy');
      },
    });
  } catch {
    throw refused('is damaged, or not what np.savez writes');
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: what is over the limits is refused whatever else is wrong with it
    if (excess !== undefined) throw refused(excess);
  }
}

type Reader = (view: DataView, at: number) => number;
/** Readers of floating-point numbers by NumPy's code, without byte order. */
const NUMBERS: Readonly<Record<string, { bytes: number; read: (little: boolean) => Reader }>> = {
  f2: { bytes: 2, read: (little) => (view, at) => half(view.getUint16(at, little)) },
  f4: { bytes: 4, read: (little) => (view, at) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (little) => (view, at) => view.getFloat64(at, little) },
};

function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Reads one .npy file. */
export function readNpy(bytes: Uint8Array, refused: (why: string) => Error): NumpyArray {
  const { descr, fortran, shape, data } = headerOf(bytes, refused);
  const entries = shape.reduce((product, side) => product * side, 1);
  const [, order = '', kind = '', width = ''] = /^([<>|=])([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  const number = NUMBERS[kind + width];
  const size = number?.bytes ?? Number(width) * (kind === 'U' ? 4 : 1);
  const known = number !== undefined || kind === 'U' || kind === 'S';
  if (kind === 'O') throw refused('holds Python objects: write names as np.array(names, dtype=str)');
  if (!known) throw refused(`holds '${descr}': write float32 or float64 numbers, or text`);
  if (size === 0) throw refused('holds texts of no length');
  if (!Number.isSafeInteger(entries) || entries * size !== bytes.length - data)
    throw refused(`is cut off: it has ${bytes.length - data} bytes for ${entries} entries of ${size}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + data, bytes.length - data);
  const little = order !== '>';
  if (number === undefined) {
    const read = (i: number) =>
      kind === 'U' ? wideText(view, i * size, size, little) : byteText(view, i * size, size);
    return { shape, texts: Array.from({ length: entries }, (_, i) => read(i)) };
  }
  const read = number.read(little);
  const [rows = 1, columns = 1] = shape;
  const place = (i: number) => (fortran && shape.length === 2 ? (i % columns) * rows + Math.floor(i / columns) : i);
  return { shape, numbers: Float64Array.from({ length: entries }, (_, i) => read(view, place(i) * size)) };
}

function headerOf(
  bytes: Uint8Array,
  refused: (why: string) => Error,
): { descr: string; fortran: boolean; shape: number[]; data: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = bytes.length > 12 && Buffer.from(bytes.subarray(0, 6)).toString('latin1') === '\x93NUMPY';
  const begin = bytes[6] === 1 ? 10 : 12;
  const length = !magic ? 0 : begin === 10 ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = Buffer.from(bytes.subarray(begin, begin + Math.min(length, 10_000))).toString('utf8');
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (/'descr':\s*\[/.test(header)) throw refused('has fields: write plain arrays');
  if (descr === undefined || order === undefined || shape === undefined) throw refused('is no NumPy array');
  const sides = shape.split(',').flatMap((side) => (side.trim() === '' ? [] : [Number(side)]));
  return { descr, fortran: order === 'True', shape: sides, data: begin + length };
}

/** NumPy's text: UTF-32, filled up with zeros. */
function wideText(view: DataView, at: number, bytes: number, little: boolean): string {
  let text = '';
  for (let i = at; i < at + bytes; i += 4) {
    const point = view.getUint32(i, little);
    if (point > 0x10ffff) return text;
    text += String.fromCodePoint(point);
  }
  return text.replace(/\0+$/, '');
}

const byteText = (view: DataView, at: number, bytes: number): string =>
  new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, bytes)).replace(/\0+$/, '');
