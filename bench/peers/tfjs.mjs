// TensorFlow.js on its wasm backend (XNNPACK, plain SIMD), float32: the backend has no int8.
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';

export async function open({ threads }, host) {
  if (host.kind === 'page') setWasmPaths(host.library('@tensorflow/tfjs-backend-wasm/dist/'));
  if (threads === 1) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  // It takes half of the processors at most; told of twice as many it takes what is asked for.
  else if (host.kind === 'page') Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 * threads });
  setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  if (tf.getBackend() !== 'wasm') throw new Error(`fell back to the backend ${tf.getBackend()}`);
  if (threads > 1 && !tf.env().get('WASM_HAS_MULTITHREAD_SUPPORT')) throw new Error('starts no threads in Node.js');
  if (threads > 1 && getThreadsCount() !== threads) throw new Error(`runs on ${getThreadsCount()} threads`);
  const model = await loadGraphModel({ load: () => loadParts(host) });
  const input = tf.tensor(await host.floats('input-nhwc.f32'), [1, 224, 224, 3]);
  const run = async () => {
    const output = model.execute(input);
    const logits = await output.data();
    output.dispose();
    return logits;
  };
  return { run, note: 'plain SIMD' };
}

// Our own loader, because the library's has none for files in Node, and in pages waits for the heads of all shards before
// it reads the body of one, which never ends where connections are few.
async function loadParts(host) {
  const text = new TextDecoder().decode(await host.bytes('tfjs-f32/model.json'));
  const { modelTopology, signature, format, weightsManifest } = JSON.parse(text);
  const [{ paths, weights }] = weightsManifest;
  const shards = await Promise.all(paths.map((path) => host.bytes(`tfjs-f32/${path}`)));
  const weightData = await new Blob(shards).arrayBuffer();
  return { modelTopology, signature, format, weightSpecs: weights, weightData };
}
