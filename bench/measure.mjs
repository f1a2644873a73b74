// One measurement in the realm that it is called in, a Node process or a page: opens an engine, takes its first result,
// compares that with the reference, warms up, times. Knows engines only by `open(spec, host)`.

const memories = new Set();

/** From now on remembers every WebAssembly.Memory that instances of this realm import or export. */
export function watchMemories() {
  const keep = (values) => {
    for (const value of Object.values(values ?? {})) if (value instanceof WebAssembly.Memory) memories.add(value);
  };
  const seen = (imports, instance) => {
    for (const module of Object.values(imports ?? {})) keep(module);
    keep(instance.exports);
  };
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (source, imports, ...more) => {
      const result = await original.call(WebAssembly, source, imports, ...more);
      seen(imports, result.instance ?? result);
      return result;
    };
  }
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(type, [module, imports]) {
      const instance = new type(module, imports);
      seen(imports, instance);
      return instance;
    },
  });
}

const watchedBytes = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

/** Pearson's correlation of two lists of numbers. */
export function correlation(a, b) {
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

// Lets a page answer its browser between two runs, as an application would.
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * { ms: of single runs, cpuMs: processor time a run }: warmed up for a while first, at least five, for as long as
 * `milliseconds` lasts.
 */
async function timeRuns(run, { warmUp, milliseconds }, host) {
  const until = async (end, atLeast, each) => {
    for (let i = 0; i < atLeast || performance.now() < end; i++) {
      const start = performance.now();
      await run();
      each(performance.now() - start);
      await breathe();
    }
  };
  const ms = [];
  await until(performance.now() + warmUp, 3, () => undefined);
  const before = await host.cpuMs();
  await until(performance.now() + milliseconds, 5, (time) => ms.push(time));
  return { ms, cpuMs: before === undefined ? undefined : ((await host.cpuMs()) - before) / ms.length };
}

/** Tensor in, logits out. `coldMs` counts from the start of the process or the navigation to the first logits. */
async function inference({ engine, spec, host }) {
  const logits = await engine.run();
  const coldMs = performance.now();
  const agreement = correlation(Array.from(logits), Array.from(await host.floats('reference.f32')));
  return { ...(await timeRuns(engine.run, spec.time, host)), coldMs, correlation: agreement };
}

/** Bytes of a photo in, labels out. */
async function photo({ engine, spec, host }) {
  const bytes = await host.photo(0);
  return timeRuns(() => engine.model.classify(bytes), spec.time, host);
}

/** From load() to the first label of a photo; nothing is warm. */
async function startUp({ engine, host, opening }) {
  await engine.model.classify(await host.photo(0));
  return opening();
}

/** Many photos in one call, from disk or from the server, decoding included: milliseconds an image. */
async function throughput({ engine, host }) {
  const photos = host.photoPlaces();
  await engine.model.classify(photos.slice(0, 8));
  const batch = await stopwatch(host);
  await engine.model.classify(photos);
  const { ms, cpuMs } = await batch();
  return { ms: [ms[0] / photos.length], cpuMs: cpuMs / photos.length, images: photos.length };
}

/** A function that tells the time and the processor time since now. */
async function stopwatch(host) {
  const cpuStart = await host.cpuMs();
  const start = performance.now();
  return async () => {
    const ms = [performance.now() - start];
    return { ms, cpuMs: (await host.cpuMs()) - cpuStart };
  };
}

const KINDS = { inference, photo, startUp, throughput };

/** Runs `spec` (a row of rows.mjs, `photos` and `time`) with an engine's `open` here. */
export async function measure(open, spec, host) {
  const opening = await stopwatch(host);
  const engine = await open(spec, host);
  const result = await KINDS[spec.measures]({ engine, spec, host, opening });
  return { ...result, wasmBytes: engine.wasmBytes?.() ?? watchedBytes(), note: engine.note };
}
