// One row in a fresh page (chromium.mjs opens it): the row is in the address, the result goes to `report`, which the
// harness provides, or where it cannot, to `result`, which it looks at.
import { measure, watchMemories } from './measure.mjs';

const spec = JSON.parse(decodeURIComponent(location.hash.slice(1)));

async function bytes(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const host = {
  kind: 'page',
  cpuMs: () => globalThis.rendererCpuMs?.(), // where the harness provides it
  place: (name) => new URL(`/models/${name}/`, location.href).href,
  bytes: (name) => bytes(`/models/${name}`),
  floats: async (name) => new Float32Array((await bytes(`/models/${name}`)).buffer),
  library: (path) => `/library/${path}`,
  ourPackage: () => import(new URL('/dist/index.js', location.href).href),
  photo: (i) => bytes(`/photo/${i}`),
  photoPlaces: () => spec.photos.map((_, i) => new URL(`/photo/${i}`, location.href).href),
};

const report =
  globalThis.report ??
  ((result) => {
    globalThis.result = result;
  });

watchMemories();
try {
  const { open } = await import(new URL(`/engine/${spec.engine}.mjs`, location.href).href);
  report(await measure(open, spec, host));
} catch (error) {
  // WebKit's stacks are without the message.
  report({ error: [error?.message, error?.stack].filter(Boolean).join('\n') || String(error) });
}
