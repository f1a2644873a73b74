// A long life inside a page, in rounds that tests/browser/soak.test.mjs asks for: pictures of all kinds with frames as a
// camera gives them, broken files, aborts, models that come and go. Every answer is compared with the first of its picture.
import { ResNet50 } from '/package/dist/index.js';
import { hashOf } from './tools.mjs';

const OPTIONS = { weights: 'pqf', weightsUrl: '/weights/', threads: 2, transforms: { resizeSize: 72, cropSize: 64 } };
const FILES = ['clock.jpg', 'golf-ball.jpg', 'traffic-light.jpg'];
const BROKEN = [new Uint8Array(100), new TextEncoder().encode('<html>'), new Uint8Array([0xff, 0xd8, 0xff, 0xe0])];

export const load = () => ResNet50.load(OPTIONS);

/** A frame of 640 x 480 with a ball on it, as a canvas gives it; the same for the same number. */
function frameAt(number) {
  const canvas = new OffscreenCanvas(640, 480);
  const drawing = canvas.getContext('2d');
  drawing.fillStyle = `hsl(${number * 40} 60% 40%)`;
  drawing.fillRect(0, 0, 640, 480);
  drawing.fillStyle = '#fff';
  drawing.fillRect((number * 61) % 560, (number * 37) % 400, 80, 80);
  return canvas;
}

/** Makers of inputs: [name, () => input, what is to be done afterwards]. */
async function inputs() {
  const blobs = await Promise.all(FILES.map(async (name) => (await fetch(`/pictures/${name}`)).blob()));
  const made = [];
  for (const [i, name] of FILES.entries()) {
    made.push([`address of ${name}`, () => `/pictures/${name}`]);
    made.push([`file of ${name}`, () => new File([blobs[i]], name)]);
    made.push([`bytes of ${name}`, () => blobs[i].arrayBuffer()]);
    made.push([`bitmap of ${name}`, () => createImageBitmap(blobs[i])]);
  }
  for (let i = 0; i < 8; i++) {
    made.push([`canvas ${i}`, () => frameAt(i)]);
    made.push([`pixels ${i}`, () => frameAt(i).getContext('2d').getImageData(0, 0, 640, 480)]);
    if (typeof VideoFrame === 'function')
      made.push([`frame ${i}`, () => new VideoFrame(frameAt(i), { timestamp: 0 }), (frame) => frame.close()]);
  }
  return made;
}

/** One picture; its hash must be the one it had before. */
async function classify(model, [name, make, end], known, faults) {
  const input = await make();
  try {
    const hash = await hashOf(await model.logits(input));
    if (known[name] === undefined) known[name] = hash;
    else if (known[name] !== hash) faults.push(`${name}: other logits than before`);
  } finally {
    end?.(input);
  }
}

/** @returns {{ faults: string[], pictures: number, refused: number, aborted: number }} and the hashes in `known` */
export async function classifyMany(model, from, count, known) {
  const faults = [];
  const all = await inputs();
  const seen = { pictures: 0, refused: 0, aborted: 0 };
  for (let i = from; i < from + count; i++) {
    if (i % 11 === 5) {
      const error = await model.classify(BROKEN[i % BROKEN.length]).catch((reason) => reason);
      if (error.name !== 'ResNet50Error' || error.code === 'CORE_CRASHED') faults.push(`broken file: ${error}`);
      seen.refused++;
    } else if (i % 7 === 3) {
      const controller = new AbortController();
      setTimeout(() => controller.abort('enough'), i % 5);
      const outcome = await model.logits('/pictures/clock.jpg', { signal: controller.signal }).catch((why) => why);
      if (outcome !== 'enough' && !(outcome instanceof Float32Array)) faults.push(`aborted: ${outcome}`);
      if (outcome === 'enough') seen.aborted++;
    } else {
      await classify(model, all[i % all.length], known, faults);
      seen.pictures++;
    }
  }
  return { faults, ...seen, known };
}

export async function comeAndGo(count) {
  for (let i = 0; i < count; i++) {
    const model = await load();
    await model.classify(frameAt(i));
    await model.dispose();
  }
}
