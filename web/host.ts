/**
 * Serves one engine behind messages. The same code runs in a browser's worker, in Node's and in place. Knows nothing
 * of how messages travel.
 */
import { Engine, type EngineHost } from './engine.js';
import { describe, isAbort, ResNet50Error, toPlainError } from './errors.js';
import { explain } from './explain.js';
import type { Job, JobResults, Reply, Request } from './protocol.js';
import { featuresOf } from './stages.js';

/** Answers requests until the realm ends. */
export class Host {
  #engine: Engine | undefined;
  readonly #running = new Map<number, AbortController>();

  constructor(
    private readonly host: EngineHost,
    private readonly post: (reply: Reply, transfer: Transferable[]) => void,
  ) {}

  /** Takes one message. */
  async receive(request: Request): Promise<void> {
    if ('farewell' in request) return this.dispose();
    const { id } = request;
    if ('abort' in request) return this.#running.get(id)?.abort();
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      const value = await this.#perform(id, request.job, abort.signal);
      abort.signal.throwIfAborted();
      this.post({ id, value, memoryBytes: this.#engine?.memoryBytes ?? 0 }, buffersIn(value));
    } catch (error) {
      this.#fail(id, error);
    } finally {
      this.#running.delete(id);
    }
  }

  /** Frees the network (for hosts in place; workers are terminated). */
  dispose(): void {
    for (const abort of this.#running.values()) abort.abort();
    this.#engine?.dispose();
    this.#engine = undefined;
  }

  async #perform(id: number, job: Job, signal: AbortSignal): Promise<JobResults[keyof JobResults]> {
    if (job.type === 'load') {
      this.#engine = await Engine.load(job.spec, this.host, (progress) => this.post({ id, progress }, []), signal);
      return this.#engine.facts;
    }
    const engine = this.#engine;
    if (engine === undefined) throw new ResNet50Error('NOT_READY', 'no network is loaded');
    switch (job.type) {
      case 'classify':
        return engine.classify(job);
      case 'logits':
        return engine.logits(job);
      case 'preprocess':
        return engine.preprocess(job);
      case 'features':
        return featuresOf(engine, job);
      case 'explain':
        return explain(engine, job);
      case 'head':
        return engine.setHead(job.head);
      case 'parameter':
        return engine.parameter(job.spec, signal);
      case 'shards':
        return engine.parameters?.files(signal) ?? null;
      default:
        throw new ResNet50Error('INTERNAL', 'no such job');
    }
  }

  /** Whatever is neither ours nor an abort comes from wasm or its glue: the core's memory is in an unknown state. */
  #fail(id: number, error: unknown): void {
    if (error instanceof ResNet50Error || isAbort(error)) {
      this.post({ id, error: toPlainError(error), fatal: false }, []);
      return;
    }
    this.#engine = undefined;
    const crash = new ResNet50Error(
      'CORE_CRASHED',
      `the core stopped working (${describe(error)}); the next call starts a fresh one`,
      {
        cause: error,
      },
    );
    this.post({ id, error: toPlainError(crash), fatal: true }, []);
  }
}

/** The buffers of all numbers in a result: they are copies of its own, so they can be moved. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}
