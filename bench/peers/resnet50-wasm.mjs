// This package, as an application uses it: through its API, its worker included.
export async function open({ precision, threads, flavour }, host) {
  const { ResNet50 } = await host.ourPackage();
  const model = await ResNet50.load({
    weights: host.place('ours'),
    precision,
    threads,
    ...(flavour ? { flavour } : {}),
  });
  const info = model.info();
  if (info.threads !== threads) throw new Error(`runs on ${info.threads} threads: ${info.why.join('; ')}`);
  const input = { tensor: await host.floats('input-nchw.f32'), shape: [1, 3, 224, 224] };
  return {
    model,
    run: async () => (await model.logits(input))[0],
    wasmBytes: () => model.info().memoryBytes,
    note: info.flavour,
  };
}
