/**
 * Serves one engine behind messages. The same code runs in a browser's worker, in Node's and in place.
 */

import { describe, ResNet50Error } from '../base/errors.js';
import type { Job, JobResults } from '../protocol/messages.js';
import { type Post, type Progress, Receiver } from '../protocol/receiver.js';
import { Engine, type Realm } from './engine.js';
import { explain } from './explain.js';
import { stageOutputs } from './stages.js';

/** Answers requests until the realm ends. */
export class Host extends Receiver {
  #engine: Engine | undefined;

  constructor(
    private readonly realm: Realm,
    post: Post,
  ) {
    super(post);
  }

  /** Frees the network (for hosts in place; workers are terminated). */
  override dispose(): void {
    super.dispose();
    this.#engine?.dispose();
    this.#engine = undefined;
  }

  protected get memoryBytes(): number {
    return this.#engine?.memoryBytes ?? 0;
  }

  protected async perform(
    job: Job,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<JobResults[keyof JobResults]> {
    if (job.type === 'load') {
      this.#engine = await Engine.load(job.spec, this.realm, onProgress, signal);
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
        return stageOutputs(engine, job);
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

  protected crashed(cause: unknown): ResNet50Error {
    this.#engine = undefined;
    const message = `the core stopped working (${describe(cause)}); the next call starts a fresh one`;
    return new ResNet50Error('CORE_CRASHED', message, { cause });
  }
}
