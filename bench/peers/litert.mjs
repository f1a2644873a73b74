// LiteRT.js (@litertjs/core): TensorFlow Lite with XNNPACK. Its builds: relaxed SIMD, relaxed SIMD with threads, and
// "compat", plain SIMD.
export async function open({ precision, threads, flavour }, host) {
  const folder = host.kind === 'node' ? await standInForPage(host) : host.library('@litertjs/core/wasm/');
  const { loadLiteRt, loadAndCompile, Tensor, supportsFeature } = await import('@litertjs/core');
  const build = flavour === 'simd' ? 'compat' : threads > 1 ? 'threaded' : 'relaxed';
  // Without relaxed SIMD it would load the compat build in silence.
  if (build !== 'compat' && !(await supportsFeature('relaxedSimd'))) throw new Error('finds no relaxed SIMD');
  await loadLiteRt(build === 'compat' ? `${folder}litert_wasm_compat_internal.js` : folder, { threads: threads > 1 });
  const [bytes, pixels] = await Promise.all([host.bytes(`${precision}.tflite`), host.floats('input-nhwc.f32')]);
  const model = await loadAndCompile(bytes, { accelerator: 'wasm', cpuOptions: { numThreads: threads } });
  if (!model.isFullyAccelerated) throw new Error('leaves operators to the slow reference kernels');
  const input = new Tensor(pixels, [1, 224, 224, 3]);
  const run = async () => {
    const [output] = await model.run(input);
    const logits = output.toTypedArray().slice();
    output.delete();
    return logits;
  };
  return { run, note: build };
}

// Made for pages, it loads its glue with importScripts and starts its threads from that very file as CommonJS, which the
// package's own "type": "module" forbids in Node: so a copy of the folder, and three globals.
async function standInForPage(host) {
  const { cpSync, readFileSync, writeFileSync } = await import('node:fs');
  const { createRequire } = await import('node:module');
  const vm = await import('node:vm');
  const folder = `${host.work}/litert/`;
  cpSync(host.library('@litertjs/core/wasm'), folder, { recursive: true });
  writeFileSync(`${folder}package.json`, '{ "type": "commonjs" }\n');
  globalThis.self = globalThis;
  globalThis.require = createRequire(folder);
  globalThis.importScripts = (file) => {
    globalThis.__filename = file;
    globalThis.__dirname = folder;
    vm.runInThisContext(readFileSync(file, 'utf8'), { filename: file });
  };
  return folder;
}
