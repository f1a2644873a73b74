// onnxruntime-web's wasm backend. It has one build for threads and none with relaxed SIMD.
export async function open({ precision, threads }, host) {
  // In Node only the main entry starts threads; in pages /wasm is the entry without WebGPU and WebGL.
  const ort = host.kind === 'node' ? await host.nodeImport('onnxruntime-web') : await import('onnxruntime-web/wasm');
  ort.env.wasm.numThreads = threads;
  if (host.kind === 'page') ort.env.wasm.wasmPaths = host.library('onnxruntime-web/dist/');
  const [model, pixels] = await Promise.all([host.bytes(`${precision}.onnx`), host.floats('input-nchw.f32')]);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  if (ort.env.wasm.numThreads !== threads) throw new Error(`runs on ${ort.env.wasm.numThreads} threads`);
  const feeds = { input: new ort.Tensor('float32', pixels, [1, 3, 224, 224]) };
  return { run: async () => (await session.run(feeds)).logits.data, note: 'plain SIMD' };
}
