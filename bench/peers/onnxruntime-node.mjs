// onnxruntime-node: native code, what the processor can do outside WebAssembly.
export async function open({ precision, threads }, host) {
  const { default: ort } = await host.nodeImport('onnxruntime-node');
  const [model, pixels] = await Promise.all([host.bytes(`${precision}.onnx`), host.floats('input-nchw.f32')]);
  const settings = { executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(model, { ...settings, graphOptimizationLevel: 'all' });
  const feeds = { input: new ort.Tensor('float32', pixels, [1, 3, 224, 224]) };
  return { run: async () => (await session.run(feeds)).logits.data, note: 'native' };
}
