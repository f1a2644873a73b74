/**
 * Serves one engine behind messages. The same code runs in a browser's worker, in Node's and in place.
 */

import { ResNet50Error } from '../base/errors.js';
import type { Handlers, NetworkJobs } from '../protocol/messages.js';
import { type Post, Receiver } from '../protocol/receiver.js';
import { fetchInput } from '../weights/http.js';
import { Engine, type Realm } from './engine.js';
import { imageJobs } from './image-jobs.js';

/** Answers requests until the realm ends. */
export class Host extends Receiver<keyof NetworkJobs> {
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

  protected override get threads(): number {
    return this.#engine?.session.fastestThreads() ?? 0;
  }

  protected readonly handlers: Handlers<keyof NetworkJobs> = {
    load: async (spec, context) => {
      this.#engine = await Engine.load(spec, this.realm, context);
      return this.#engine.facts;
    },
    classify: (job, { signal }) => imageJobs.classify(this.#classifier, job, signal),
    logits: (job, { signal }) => imageJobs.logits(this.#classifier, job, signal),
    preprocess: (job, { signal }) => imageJobs.preprocess(this.#loaded, job, signal),
    features: (job, { signal }) => imageJobs.features(this.#loaded, job, signal),
    explain: (job, { signal }) => imageJobs.explain(this.#classifier, job, signal),
    head: (head) => this.#loaded.setHead(head),
    tensors: (names, { signal }) => this.#loaded.shards?.tensors(names, signal) ?? null,
    fetch: (request, { signal }) => fetchInput(request, signal),
    shards: (_, { signal }) => this.#loaded.shards?.files(signal) ?? null,
  };

  get #loaded(): Engine {
    if (this.#engine === undefined) throw new ResNet50Error('NOT_READY', 'no network is loaded');
    return this.#engine;
  }

  get #classifier() {
    const engine = this.#loaded;
    if (engine.facts.head !== 'none') return engine;
    const message = 'these weights have no classifier: use embed or features, or load a head that fit made';
    throw new ResNet50Error('NOT_READY', message, { subject: 'head' });
  }

  protected abandon(): void {
    this.#engine = undefined;
  }
}
