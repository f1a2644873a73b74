// A row of jobs.mjs in a process of its own: node jobs-child.mjs '<row as JSON>', told what to do by messages.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importPeer } from './peers/import.mjs';
import { root, work } from './tools.mjs';

const row = JSON.parse(process.argv[2]);
const models = join(work, 'models');

async function ours() {
  const { ResNet50 } = await import('../dist/index.node.js');
  const { jobs, threads, side, revectorize, photos } = row;
  const transforms = { resizeSize: Math.round((side * 232) / 224), cropSize: side };
  const load = { weights: 'CIFAR10_DEMO', weightsDir: join(root, 'weights'), transforms };
  const pool = await ResNet50.pool({ ...load, jobs, threads, revectorize });
  return () => pool.classify(photos);
}

/** One batch after the other of the same tensor. */
const repeated = (once) => async () => {
  for (let done = 0; done < row.photos.length; done += row.batch) await once();
};

async function onnxruntime() {
  const { default: ort } = await importPeer('onnxruntime-node');
  const { threads, batch } = row;
  const model = join(models, batch === 1 ? 'int8.onnx' : 'int8-batch.onnx');
  const settings = { executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(model, { ...settings, graphOptimizationLevel: 'all' });
  const one = new Float32Array((await readFile(join(models, 'input-nchw.f32'))).buffer.slice(0));
  const pixels = new Float32Array(batch * one.length);
  for (let i = 0; i < batch; i++) pixels.set(one, i * one.length);
  const feeds = { input: new ort.Tensor('float32', pixels, [batch, 3, 224, 224]) };
  return repeated(() => session.run(feeds));
}

async function litert() {
  const { open } = await import('./peers/litert.mjs');
  const host = {
    ...{ kind: 'node', work },
    bytes: (name) => readFile(join(models, name)),
    floats: async (name) => new Float32Array((await readFile(join(models, name))).buffer.slice(0)),
    library: (path) => join(root, 'bench', 'peers', 'node_modules', path),
  };
  const { run } = await open({ precision: 'int8', threads: row.threads }, host);
  return repeated(run);
}

const MB = 2 ** 20;
try {
  const work = await { ours, 'onnxruntime-node': onnxruntime, litert }[row.engine]();
  await work(); // warm
  process.on('message', async (what) => {
    if (what === 'memory') return process.send({ rss: process.memoryUsage().rss / MB });
    const [begun, used] = [performance.now(), process.cpuUsage()];
    await work();
    const { user, system } = process.cpuUsage(used);
    process.send({ ms: performance.now() - begun, cpuMs: (user + system) / 1000 });
  });
  process.send({ ready: true });
} catch (error) {
  process.send({ error: String(error?.stack ?? error) });
}
