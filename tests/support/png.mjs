// PNG files of any size in few bytes, for tests and benchmarks, chunk by chunk.
import { crc32, deflateSync } from 'node:zlib';

/** Length, name, data and checksum. */
function chunk(name, data) {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(name, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
  return bytes;
}

/** Of PNG's header. */
const COLOR_TYPES = { gray: 0, rgb: 2 };

/**
 * A file with this header and these compressed rows, which may be fewer than it claims.
 * @param {{ width: number, height: number, color: 'gray' | 'rgb', bits?: 1 | 8 }} header
 */
export function png({ width, height, color, bits = 8 }, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  header[9] = COLOR_TYPES[color];
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

/** A black picture, all of whose rows are there. */
export function blackPng({ width, height, color, bits = 8 }) {
  const bytes = Math.ceil((width * bits * (color === 'rgb' ? 3 : 1)) / 8);
  return png({ width, height, color, bits }, deflateSync(Buffer.alloc((bytes + 1) * height), { level: 9 }));
}
