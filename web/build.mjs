// Bundles web/ into dist/ (what runs) and dist/types/ (declarations). The compiled cores in dist/wasm/ are not touched.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

mkdirSync(`${root}dist`, { recursive: true });
for (const { name } of readdirSync(`${root}dist`, { withFileTypes: true }).filter((entry) => entry.name !== 'wasm')) {
  rmSync(`${root}dist/${name}`, { recursive: true, force: true });
}

/** Settings of all bundles. Paths into dist stay as written: bundlers of users must find them. */
const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  define: { __VERSION__: JSON.stringify(version) },
  external: ['./wasm/*'],
  legalComments: 'none',
  logLevel: 'warning',
};

/** Pages need ImageNet's labels, not its WordNet ids (manifests have those): 1000 lines instead of 37 KB of JSON. */
const labelsOnly = {
  name: 'labels-only',
  setup({ onLoad }) {
    onLoad({ filter: /imagenet-1k\.json$/ }, ({ path }) => {
      const labels = JSON.parse(readFileSync(path, 'utf8')).map(({ label }) => label);
      return {
        contents: `export default ${JSON.stringify(labels.join('\n'))}.split('\\n').map((label) => ({ label }));`,
      };
    });
  },
};

const workers = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'].map((flavour) => `web/worker-${flavour}.ts`);
await Promise.all([
  build({
    ...common,
    entryPoints: ['web/index.ts', 'web/inplace.ts', 'web/static.ts', ...workers],
    external: [...common.external, './inplace.js'],
    platform: 'browser',
    plugins: [labelsOnly],
    minify: true,
  }),
  build({
    ...common,
    entryPoints: ['web/index.node.ts', 'web/worker.node.ts', 'web/cli.ts', 'web/measures.ts'],
    platform: 'node',
    target: 'node20',
    splitting: true,
    chunkNames: 'node-[name]-[hash]',
  }),
]);
chmodSync(`${root}dist/cli.js`, 0o755);

execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.types.json'], {
  cwd: root,
  stdio: 'inherit',
});
