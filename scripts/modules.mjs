// What a build makes: the flavors of the core, the wasm modules that each brings, and the files of a complete dist/.

export const FLAVORS = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];

/** Modules that a flavor brings besides its runtime. */
const MORE_MODULES = {
  simd: ['resnet50-trainer-simd', 'resnet50-convert-simd'],
  'simd-threads': ['resnet50-trainer-simd-threads', 'resnet50-convert-simd-threads'],
};

/** The wasm modules of a flavor: its runtime first. */
export const modulesOf = (flavor) => [`resnet50-${flavor}`, ...(MORE_MODULES[flavor] ?? [])];

/**
 * The flavors that bring all that a Node.js can run: those with threads, which do on one thread what the others do.
 * Relaxed SIMD came with Node.js 22.
 */
export const flavorsForNode = (major) => (major >= 22 ? ['simd-threads', 'relaxed-threads'] : ['simd-threads']);

const workers = [...FLAVORS, ...['trainer', 'convert'].flatMap((kind) => [`${kind}-simd`, `${kind}-simd-threads`])];

/** Files that a package without them would break on, relative to dist/. */
export const COMPLETE = [
  ...FLAVORS.flatMap(modulesOf).flatMap((module) => [`wasm/${module}.mjs`, `wasm/${module}.wasm`]),
  ...workers.map((name) => `worker-${name}.js`),
  ...['index.js', 'extras.js', 'inplace.js', 'inplace-trainer.js', 'training.js', 'static.js'],
  ...['isolation.js', 'isolation-worker.js'],
  ...['index.node.js', 'index.node.cjs', 'worker.node.mjs', 'worker-trainer.node.mjs', 'worker-weights.node.mjs'],
  ...['convert.js', 'convert.node.js', 'convert.d.ts', 'worker-convert.node.mjs'],
  ...['cli.js', 'resnet50-wasm.1', 'measures.js'],
  ...['index.d.ts', 'index.d.cts', 'static.d.ts', 'isolation.d.ts', 'THIRD-PARTY-NOTICES.txt', 'sbom.cdx.json'],
];
