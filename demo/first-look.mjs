// What the page begins with: guesses and heat map of a sample, computed by the package while the site is made, so that a visitor
// sees what comes of it before the network is there. Knows nothing of the page.
import { join } from 'node:path';

/** Longest side of the map, in numbers: it is smooth, and the page stretches it. */
const SIDE = 96;

/** Shares of the greatest value as bytes; what speaks against the class is 0, as it is not shown. */
function sharesOf(values) {
  const most = values.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
  return Buffer.from(values.map((value) => Math.round((255 * Math.max(0, value)) / most))).toString('base64');
}

/**
 * @param {string} weights folder
 * @param {string} pictures folder of the samples
 * @param {{ file: string, what: string }} sample
 */
export async function lookAt(weights, pictures, sample) {
  const { ResNet50 } = await import('../dist/index.node.js'); // late: a clean clone has none before the build
  const model = await ResNet50.load({ weights });
  try {
    const path = join(pictures, sample.file);
    const guesses = await model.classify(path, { topK: 5 });
    const { width, height, box, grid, data } = await model.explain(path, { index: guesses[0].index, maxSide: SIDE });
    const { activation, classes } = model.info();
    return {
      ...{ file: sample.file, what: sample.what, info: { activation, classes } },
      guesses: guesses.map(({ index, label, score }) => ({ index, label, score })),
      map: { width, height, box, grid: { width: grid.width, height: grid.height }, shares: sharesOf(data) },
    };
  } finally {
    await model.dispose();
  }
}
