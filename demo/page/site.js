// What the folder holds: `networks` (name, number of classes and samples of each), `isolationWorker`; demo/site.mjs writes it.

/** A page without site.json has no weights either: the attempt to load them says so. */
const NOTHING_THERE = { networks: [{ name: 'DEFAULT', classes: 1000, samples: [] }], isolationWorker: false };

export async function readSite() {
  try {
    const response = await fetch(new URL('site.json', document.baseURI));
    return response.ok ? await response.json() : NOTHING_THERE;
  } catch {
    return NOTHING_THERE;
  }
}
