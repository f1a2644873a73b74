// One row in a fresh Node process: node node-child.mjs '<row as JSON>' prints one line of JSON.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { measure, watchMemories } from './measure.mjs';
import { importPeer } from './peers/import.mjs';
import { root, work } from './tools.mjs';

const spec = JSON.parse(process.argv[2]);
const models = join(work, 'models');

const host = {
  kind: 'node',
  work,
  cpuMs: async () => {
    const { user, system } = process.cpuUsage(); // of all threads, microseconds
    return (user + system) / 1000;
  },
  place: (name) => join(models, name),
  bytes: (name) => readFile(join(models, name)),
  floats: async (name) => new Float32Array((await readFile(join(models, name))).buffer.slice(0)),
  library: (path) => join(root, 'bench', 'peers', 'node_modules', path),
  ourPackage: () => import('../dist/index.node.js'),
  nodeImport: importPeer,
  photo: (i) => readFile(spec.photos[i]),
  photoPlaces: () => spec.photos,
};

function peakBytes() {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return line ? Number(line[1]) * 1024 : process.resourceUsage().maxRSS * 1024;
}

watchMemories();
let result;
try {
  const { open } = await import(`./peers/${spec.engine}.mjs`);
  result = { ...(await measure(open, spec, host)), peakBytes: peakBytes() };
} catch (error) {
  result = { error: String(error?.stack ?? error) };
}
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit(0));
