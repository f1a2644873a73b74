// What the folder holds: `networks` (of each its name, number and labels of its classes, accuracy, bytes, bytes of float32 shards where they are there, the name of the network that it stands for on slow lines, and samples, of the first `first`, what the page begins with), `isolationWorker`, `offlineWorker` (the file that keeps the pages, where there is one), `onePage` (bytes of the page that the teach page gives away, and the wasm that goes into it); demo/site.mjs writes it.

/** A page without site.json has no weights either: the attempt to load them says so. */
const NOTHING_THERE = {
  networks: [{ name: 'DEFAULT', classes: 1000, labels: [], bytes: 25e6, samples: [] }],
  isolationWorker: false,
  onePage: { bytes: 0, wasm: [] },
};

export async function readSite() {
  try {
    const response = await fetch(new URL('site.json', document.baseURI));
    return response.ok ? await response.json() : NOTHING_THERE;
  } catch {
    return NOTHING_THERE;
  }
}
