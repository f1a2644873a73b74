// What must not compile: jobs with another job's request, result or progress, and jobs of the wrong host.
import type { Connection } from '../../web/protocol/connection.js';
import type { Handlers, NetworkJobs, Request, TrainerJobs } from '../../web/protocol/messages.js';

declare const network: Connection<keyof NetworkJobs>;
declare const trainer: Connection<keyof TrainerJobs>;
declare const example: TrainerJobs['finetune-add']['request'];
declare const image: NetworkJobs['logits']['request'];
declare const load: NetworkJobs['load']['request'];

export const rows: Promise<Float32Array[]> = network.call('logits', image);
export const added: Promise<null> = trainer.call('finetune-add', example);

// @ts-expect-error a request of another job
network.call('logits', load);
// @ts-expect-error a request that lacks what the job needs
network.call('classify', image);
// @ts-expect-error the result of another job
export const classes: Promise<string[]> = network.call('logits', image);
// @ts-expect-error no such job
network.call('forget', null);
// @ts-expect-error a trainer's job for a network's host
network.call('finetune-add', example);
// @ts-expect-error the progress of another job
network.call('load', load, { onProgress: ({ batch }: { batch: number }) => batch });

// @ts-expect-error a host without one of its jobs
export const lacking: Handlers<'logits' | 'shards'> = { shards: () => null };
// @ts-expect-error a handler with the result of another job
export const mistaken: Handlers<'logits'> = { logits: () => null };
// @ts-expect-error a message that pairs a job with another job's request
export const message: Request = { id: 1, job: 'load', request: image };
