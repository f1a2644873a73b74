// NumPy's files for tests.
import { zipSync } from 'fflate';

/** A .npy file with this header and these numbers or bytes. */
export function formatNpy(header, values) {
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${header}\n`, 'latin1');
  head.writeUInt16LE(head.length - 10, 8);
  return Buffer.concat([head, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

/** A .npz file with names of pictures and a row of logits for each. */
export function formatReference(names, rows) {
  const width = Math.max(...names.map((name) => Buffer.byteLength(name)));
  const text = Buffer.concat(
    names.map((name) => Buffer.concat([Buffer.from(name), Buffer.alloc(width)]).subarray(0, width)),
  );
  const shape = `(${rows.length}, ${rows[0].length})`;
  return zipSync({
    'names.npy': formatNpy(`{'descr': '|S${width}', 'fortran_order': False, 'shape': (${names.length},), }`, text),
    'logits.npy': formatNpy(
      `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`,
      Float32Array.from(rows.flatMap((row) => [...row])),
    ),
  });
}
