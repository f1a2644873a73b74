// Picture files of odd but valid kinds in a browser: what its own <img> shows beside what the package makes of the same file.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPage } from './browsers.mjs';
import { ROOT } from './prepare.mjs';
import { startServer } from './server.mjs';
import { serverOptions } from './server-options.mjs';
import { newContext } from './shared-browsers.mjs';

const PYTHON = '/usr/bin/python3';
const MAKER = join(ROOT, 'tests', 'tools', 'compare_odd_files.py');

/** Makes the files in a temporary folder. Gives it with their names and what removes it, or `{ missing }`: why there are none. */
export function makeOddFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'resnet50-wasm-odd-'));
  const { status, stderr } = spawnSync(PYTHON, [MAKER, '--make', folder], { encoding: 'utf8' });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  if (status === 0) return { folder, names: readdirSync(folder).sort(), remove };
  remove();
  return {
    missing: `${PYTHON} with Pillow and NumPy makes the files: ${stderr?.trim().split('\n').at(-1) ?? 'not there'}`,
  };
}

/**
 * In the page: for each file, whether <img> has a size and whether it paints anything (WebKit shows a box, and nothing in it, for
 * files that lack their end), what the package says of the element, the address and the Blob ('taken' or a code), and the mean
 * difference of the two pictures after preprocessing, in levels of 255 (absent if either is missing or too large for a canvas).
 */
async function tryFiles(names) {
  const { ResNet50 } = await import('/package/dist/index.js');
  const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', threads: 1 });
  const { std } = model.info().transforms;
  const made = async (input) => {
    try {
      return await model.preprocess(input);
    } catch ({ code, message }) {
      return { refusal: code ?? `untyped: ${message}` };
    }
  };
  /** The pixels of an element on a canvas; undefined if it paints nothing there, or is larger than a canvas can be. */
  const painted = (element, width, height) => {
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    try {
      context.drawImage(element, 0, 0, width, height);
      const pixels = context.getImageData(0, 0, width, height);
      return pixels.data[3] === 255 ? pixels : undefined;
    } catch {
      return undefined;
    }
  };
  /** Mean absolute difference of two tensors [3, size, size]. */
  const difference = (a, b) => {
    const plane = a.length / 3;
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]) * std[Math.floor(i / plane)] * 255;
    return sum / a.length;
  };
  const rows = {};
  for (const name of names) {
    const element = Object.assign(new Image(), { src: `/odd/${name}` });
    await element.decode().catch(() => undefined);
    const { naturalWidth, naturalHeight } = element;
    const blob = await (await fetch(`/odd/${name}`)).blob();
    const ways = { img: await made(element), address: await made(`/odd/${name}`), blob: await made(blob) };
    const sized = naturalWidth > 0;
    const pixels = sized ? painted(element, naturalWidth, naturalHeight) : undefined;
    const comparable = pixels !== undefined && ways.blob.tensor !== undefined;
    rows[name] = {
      sized,
      shown: sized && (pixels ?? painted(element, 8, 8)) !== undefined,
      ...Object.fromEntries(Object.entries(ways).map(([way, { refusal }]) => [way, refusal ?? 'taken'])),
      ...(comparable && { difference: difference((await made(pixels)).tensor, ways.blob.tensor) }),
    };
  }
  await model.dispose();
  return rows;
}

/** Rows by file name, as `tryFiles` gives them. */
export async function oddFilesIn(browserName, { folder, names }) {
  const options = serverOptions({ isolated: false, csp: undefined });
  const server = await startServer({ ...options, folders: { ...options.folders, '/odd/': folder } });
  const context = await newContext(browserName);
  try {
    const page = await openPage(context, server.origin);
    return await page.evaluate(tryFiles, names);
  } finally {
    await context.close();
    server.close();
  }
}

/** Files whose picture we mean to be another one than the browser's, with the reason. */
const END_MISSING = 'all blocks are there; browsers leave out the last ones';
export const DECLARED = {
  'jpeg-orientation-is-long.jpg': 'turned, as by Pillow; browsers do not read an orientation of this type',
  'jpeg-xmp-before-exif.jpg': 'turned, as by Pillow; Firefox looks no further than the first APP1',
  'jpeg-end-half.jpg': END_MISSING,
  'jpeg-end-missing.jpg': END_MISSING,
  'jpeg-restarts-end-missing.jpg': END_MISSING,
};

/** Mean difference of a JPEG file from a browser's decoder, in levels of 255. */
export const JPEG_LIMIT = 1;

/** What is counted in the rows of one browser. */
export function figures(rows) {
  const all = Object.entries(rows).map(([name, row]) => ({ name, ...row }));
  const isTaken = ({ img, address, blob }) => [img, address, blob].every((outcome) => outcome === 'taken');
  const of = (condition) => all.filter(condition).length;
  return {
    files: all.length,
    shown: of((row) => row.shown),
    shownAndTaken: of((row) => row.shown && isTaken(row)),
    takenOnly: of((row) => !row.shown && isTaken(row)),
    neither: of((row) => !row.shown && !isTaken(row)),
    exact: of((row) => row.difference === 0),
    close: of((row) => row.difference > 0 && row.difference <= JPEG_LIMIT),
    declared: all.filter((row) => row.difference > JPEG_LIMIT && row.name in DECLARED).map((row) => row.name),
    deviates: all.filter((row) => row.difference > JPEG_LIMIT && !(row.name in DECLARED)).map((row) => row.name),
  };
}
