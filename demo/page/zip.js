// A ZIP file of files as they are: the shards are compressed already. Knows nothing of what is in them.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 of bytes, as ZIP has it. */
function checksum(bytes) {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) value = TABLE[(value ^ bytes[i]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Numbers of 2 and 4 bytes, little-endian. @param {[bytes: 2 | 4, value: number][]} fields */
function packed(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** Names are in UTF-8. */
const UTF8 = 0x0800;
/** 1 January 1980, the first day that ZIP knows: the same files give the same bytes. */
const DAY = 0x21;

/** What both headers of a file say. */
const facts = (name, bytes) => [
  [2, 20], // version that unpacks it
  [2, UTF8],
  [2, 0], // stored
  [2, 0],
  [2, DAY],
  [4, checksum(bytes)],
  [4, bytes.length],
  [4, bytes.length],
  [2, name.length],
  [2, 0], // extra fields
];

/**
 * The files as one ZIP file; the bytes are not copied until it is read.
 * @param {Iterable<[name: string, bytes: Uint8Array]>} files
 * @returns {Blob}
 */
export function zip(files) {
  const parts = [];
  const index = [];
  let at = 0;
  const add = (...all) => {
    for (const bytes of all) {
      parts.push(bytes);
      at += bytes.length;
    }
  };
  for (const [path, bytes] of files) {
    const name = new TextEncoder().encode(path);
    const said = facts(name, bytes);
    index.push(packed([[4, 0x02014b50], [2, 20], ...said, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), name);
    add(packed([[4, 0x04034b50], ...said]), name, bytes);
  }
  const begin = at;
  const count = index.length / 2;
  add(...index);
  add(
    packed([
      [4, 0x06054b50],
      [2, 0],
      [2, 0],
      [2, count],
      [2, count],
      [4, at - begin],
      [4, begin],
      [2, 0],
    ]),
  );
  return new Blob(parts, { type: 'application/zip' });
}
