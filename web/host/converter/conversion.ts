/**
 * One checkpoint in the converter module: read, shown photos, quantized, written as shards, compared with itself.
 */
import { ResNet50Error } from '../../base/errors.js';
import type { ConverterModule, CoreConverter } from '../../core/converter-types.js';
import { atOnce } from '../../core/run.js';
import { copyIn, unwrap } from '../../core/start.js';
import type { CoreOutput, CoreResult, CoreSession } from '../../core/types.js';
import type { CheckpointOpening, ConverterPhoto, OpenedCheckpoint, PhotoLogits } from '../../protocol/conversion.js';
import type { Manifest, Precision } from '../../weights/manifest.js';
import { type ImageRealm, withInput } from '../input.js';
import { checkIsWhole } from './checkpoint-index.js';

/** A SHA-256 on its way. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  /** 64 lower-case hex digits. */
  hex(): string;
}

/** What a conversion needs of the place where it runs. */
export interface ConversionRealm extends ImageRealm {
  newHash(): Hash;
  threads: number;
}

/** Pieces in which a Blob is read, bytes. */
const PIECE = 4 * 2 ** 20;

/** The whole picture, as it stands. */
const VIEW = { rotate: 0, region: null } as const;

/** Compressed length over plain length below which a shard is stored compressed: decoding takes time too. */
const WORTHWHILE: Readonly<Record<Precision, number>> = { int8: 0.97, f32: 0.75 };

/** An open checkpoint. */
export class Conversion {
  readonly facts: OpenedCheckpoint;
  #network: CoreSession | undefined;

  private constructor(
    private readonly core: ConverterModule,
    private readonly converter: CoreConverter,
    private readonly opening: CheckpointOpening,
    private readonly realm: ConversionRealm,
    sha256: string,
  ) {
    const { recognized, classes, parameters } = converter;
    this.facts = { recognized, classes, parameters, sha256 };
  }

  /** @throws ResNet50Error CHECKPOINT_FORMAT, CHECKPOINT_MISMATCH, OUT_OF_MEMORY, UNSUPPORTED_INPUT (it cannot be read) */
  static async open(core: ConverterModule, opening: CheckpointOpening, realm: ConversionRealm): Promise<Conversion> {
    const { name, content, transforms, stateDict, noHead } = opening;
    const { threads } = realm;
    const { pointer, bytes, sha256 } = await copyCheckpoint(core, content, name, realm.newHash());
    try {
      const options = { transforms, threads, stateDict, noHead };
      const converter = unwrap(core.openCheckpoint(pointer, bytes, name, options), name);
      // Not the content itself, whose bytes nobody needs any more.
      const kept = { ...opening, content: new Uint8Array() };
      return new Conversion(core, converter, kept, realm, sha256);
    } finally {
      core.release(pointer);
    }
  }

  async photo(photo: ConverterPhoto): Promise<void> {
    const settings = { decode: photo.decode, view: VIEW };
    const picture = async (input: Parameters<CoreConverter['calibrate']>[0]) =>
      this.converter.calibrate(input, settings);
    await withInput(this.core, this.realm, photo.image, photo.decode, { picture });
  }

  generated(index: number): void {
    unwrap(this.converter.calibrateGenerated(index));
  }

  begin(options: Parameters<CoreConverter['beginQuantization']>[0]): void {
    unwrap(this.converter.beginQuantization(options), 'quantization');
  }

  continue(): { share: number; quantization?: NonNullable<ReturnType<CoreConverter['quantization']>> } {
    const share = unwrap(this.converter.continueQuantization(), 'quantization');
    if (share < 1) return { share };
    const quantization = this.converter.quantization();
    if (quantization === undefined) throw new ResNet50Error('NOT_READY', 'quantization did not end');
    return { share, quantization };
  }

  plan(precision: Precision, shardBytes: number): number {
    return unwrap(this.converter.planShards(precision, shardBytes), precision);
  }

  shard(index: number, precision: Precision, compress: boolean) {
    const plain = this.#copyOut(this.converter.shard(index), precision);
    const packed = compress ? this.#copyOut(this.converter.compressedShard(), precision) : plain;
    const worthIt = packed.length < plain.length * WORTHWHILE[precision];
    const bytes = worthIt ? packed : plain;
    const hash = this.realm.newHash();
    hash.update(bytes);
    return { bytes, sha256: hash.hex(), ...(worthIt ? { decodedBytes: plain.length } : {}) };
  }

  /** Fills an int8 network with the shards. */
  network(ranges: Manifest['ranges'], shardBytes: number): void {
    const { classes } = this.facts;
    const { threads } = this.realm;
    this.#network?.delete();
    this.#network = undefined;
    const session = unwrap(
      this.core.createSession({ classes, precision: 'int8', activationBits: 7, threads, ranges }),
      'int8',
    );
    this.#network = session;
    const count = this.plan('int8', shardBytes);
    for (let i = 0; i < count; i++) {
      const { pointer, bytes } = unwrap(this.converter.shard(i), 'int8');
      unwrap(session.loadShard(pointer, bytes, `shard ${i}`), 'int8');
    }
  }

  /** Both networks on a photo. */
  async compare({ image, decode }: ConverterPhoto): Promise<PhotoLogits> {
    const network = this.#network;
    if (network === undefined) throw new ResNet50Error('NOT_READY', 'there is no int8 network to compare with');
    const { transforms } = this.opening;
    const settings = { decode, view: VIEW };
    type Input = Parameters<CoreConverter['runFloat']>[0];
    const run = async (use: (input: Input) => CoreResult<number>): Promise<[Float32Array<ArrayBuffer>, number]> => {
      let milliseconds = 0;
      const picture = async (input: Input) => {
        const begun = performance.now();
        const result = use(input);
        milliseconds = performance.now() - begun;
        return result;
      };
      const first = (await withInput(this.core, this.realm, image, decode, { picture })) / 4;
      return [new Float32Array(this.core.HEAPF32.subarray(first, first + this.facts.classes)), milliseconds];
    };
    const [f32, f32Time] = await run((input) => this.converter.runFloat(input, settings));
    const [int8, int8Time] = await run((input) => atOnce(network, network.logits(input, { ...settings, transforms })));
    return { logits: { int8, f32 }, milliseconds: { int8: int8Time, f32: f32Time } };
  }

  /** Gives the memory back. */
  delete(): void {
    this.#network?.delete();
    this.converter.delete();
  }

  /** A copy of an output, out of wasm memory. */
  #copyOut(output: CoreResult<CoreOutput>, subject: string): Uint8Array<ArrayBuffer> {
    const { pointer, bytes } = unwrap(output, subject);
    return new Uint8Array(this.core.HEAPU8.subarray(pointer, pointer + bytes));
  }
}

/** The checkpoint in wasm memory; the caller releases it. */
async function copyCheckpoint(
  core: ConverterModule,
  content: CheckpointOpening['content'],
  name: string,
  hash: Hash,
): Promise<{ pointer: number; bytes: number; sha256: string }> {
  if (content instanceof Uint8Array) {
    checkIsWhole(content, name);
    hash.update(content);
    return { pointer: copyIn(core, content, name), bytes: content.length, sha256: hash.hex() };
  }
  const bytes = content.size;
  const pointer = core.allocate(bytes);
  if (pointer === 0)
    throw new ResNet50Error('OUT_OF_MEMORY', `no memory for the ${bytes} bytes of ${name}`, { subject: name });
  try {
    for (let at = 0; at < bytes; at += PIECE) {
      const piece = await readPiece(content.slice(at, at + PIECE), name);
      if (at === 0) checkIsWhole(piece, name);
      hash.update(piece);
      core.HEAPU8.set(piece, pointer + at);
    }
    return { pointer, bytes, sha256: hash.hex() };
  } catch (error) {
    core.release(pointer);
    throw error;
  }
}

/** Files that were changed or removed since they were chosen cannot be read any more. */
async function readPiece(blob: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    const why = `${name} cannot be read: it was moved or changed since it was chosen, so choose it again`;
    throw new ResNet50Error('UNSUPPORTED_INPUT', why, { subject: name, cause });
  }
}
