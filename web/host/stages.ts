/**
 * Outputs of stages inside the network, copied out of the core while it runs.
 */
import { unwrap } from '../core/start.js';
import type { Jobs, StageOutput } from '../protocol/messages.js';
import type { Engine } from './engine.js';

/** Of one picture (or each of a tensor's rows): the stages' outputs in the order of the job. */
export async function stageOutputs(engine: Engine, job: Jobs['features']['request']): Promise<StageOutput[][]> {
  const { network } = engine;
  try {
    for (const stage of job.stages) unwrap(network.keep(stage), stage);
    const { rows } = await engine.infer(job.image, job);
    const blocks = job.stages.map((stage, i) => unwrap(network.kept(i), stage));
    return Array.from({ length: rows }, (_, row) =>
      blocks.map(({ pointer, channels, height, width }): StageOutput => {
        const count = channels * height * width;
        return { data: engine.copyOut(pointer + 4 * row * count, count), shape: [channels, height, width] };
      }),
    );
  } finally {
    network.keep('');
  }
}
