/**
 * A cache that holds nobody up: where it fails or stays silent, it is as if it were not there.
 */
import type { ShardStore } from './cache.js';

/** A store for one load. Browsers' storage throws in some private modes, and has been seen never to answer. */
export class PatientStore {
  #silent = false;

  constructor(
    /** Undefined where there is none. */
    private readonly store: ShardStore | undefined,
    /** Longest time that it may take for one shard or manifest, milliseconds. */
    private readonly silence: number,
  ) {}

  /** Whether it keeps shards decoded; undefined where there is no store. */
  get keepsDecoded(): boolean | undefined {
    return this.store?.keepsDecoded;
  }

  /** What the store gives; undefined if it fails, takes too long, or took too long for something before. */
  async attempt<T>(use: (store: ShardStore) => Promise<T>): Promise<T | undefined> {
    if (this.store === undefined || this.#silent) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#silent = true;
        resolve(undefined);
      }, this.silence);
    });
    try {
      return await Promise.race([use(this.store), silence]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}
