/**
 * Serves a converter behind messages, as host.ts does a network: one checkpoint, step by step, so that aborts are heard
 * between them.
 */
import { describe, ResNet50Error } from '../../base/errors.js';
import type { ConverterModule } from '../../core/converter-types.js';
import { type CoreFactory, startCore } from '../../core/start.js';
import { type ConverterJobs, type ConverterStart, threadsOf } from '../../protocol/conversion.js';
import type { Handlers } from '../../protocol/messages.js';
import { type Post, Receiver } from '../../protocol/receiver.js';
import { Conversion, type ConversionRealm } from './conversion.js';

/** What a converter needs of the place where it runs. */
export interface ConverterRealm extends Omit<ConversionRealm, 'threads'> {
  loadFactory(): Promise<CoreFactory>;
}

/** Answers requests until the realm ends. */
export class ConverterHost extends Receiver<keyof ConverterJobs> {
  #core: ConverterModule | undefined;
  #open: Conversion | undefined;
  #threads = 1;

  constructor(
    private readonly realm: ConverterRealm,
    post: Post,
  ) {
    super(post);
  }

  override dispose(): void {
    super.dispose();
    this.#close();
  }

  protected get memoryBytes(): number {
    return this.#core?.memoryBytes() ?? 0;
  }

  protected readonly handlers: Handlers<keyof ConverterJobs> = {
    'convert-start': async (start) => {
      this.#close();
      this.#threads = start.threads;
      this.#core = await this.#start(start);
      return null;
    },
    'convert-open': async (opening) => {
      this.#close();
      if (this.#core === undefined) throw new ResNet50Error('NOT_READY', 'the converter was not started');
      const realm = { ...this.realm, threads: this.#threads };
      this.#open = await Conversion.open(this.#core, opening, realm);
      return this.#open.facts;
    },
    'convert-photo': async (photo) => {
      await this.#opened.photo(photo);
      return null;
    },
    'convert-generated': (index) => {
      this.#opened.generated(index);
      return null;
    },
    'convert-begin': (options) => {
      this.#opened.begin(options);
      return null;
    },
    'convert-continue': () => this.#opened.continue(),
    'convert-plan': ({ precision, shardBytes }) => this.#opened.plan(precision, shardBytes),
    'convert-shard': ({ index, precision, compress }) => this.#opened.shard(index, precision, compress),
    'convert-network': ({ ranges, shardBytes }) => {
      this.#opened.network(ranges, shardBytes);
      return null;
    },
    'convert-compare': (photo) => this.#opened.compare(photo),
  };

  get #opened(): Conversion {
    if (this.#open === undefined) throw new ResNet50Error('NOT_READY', 'no checkpoint is open');
    return this.#open;
  }

  protected abandon(): void {
    this.#core = this.#open = undefined;
  }

  #close(): void {
    this.#open?.delete();
    this.#open = undefined;
  }

  async #start({ threads, networks, wasmFile }: ConverterStart): Promise<ConverterModule> {
    try {
      const factory = await this.realm.loadFactory();
      const all = threadsOf({ threads, networks });
      return await startCore<ConverterModule>(factory, { threads: all, wasmFile, wasmModule: null });
    } catch (cause) {
      const from = wasmFile === null ? '' : ` from ${wasmFile}`;
      throw new ResNet50Error('CORE_LOAD_FAILED', `the converter could not be started${from}: ${describe(cause)}`, {
        ...{ subject: 'resnet50-convert-simd.wasm', cause },
      });
    }
  }
}
