// node label.mjs PHOTOS: sorts the photos of a folder into folders by what they show: PHOTOS/cat/1.jpg.
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ResNet50 } from 'resnet50-wasm';

const [folder = 'photos'] = process.argv.slice(2);
const names = (await readdir(folder)).filter((name) => /\.(?:jpe?g|png|bmp)$/i.test(name));

// A network on each core; results come in the order of the names. One bad file does not cost the others.
const pool = await ResNet50.pool({ weights: 'CIFAR10_DEMO' });
try {
  const work = (model, name) => model.classify(join(folder, name), { topK: 1 });
  for await (const { image: name, status, value, reason } of pool.each(names, work)) {
    if (status === 'rejected') {
      console.error(`${name}: ${reason.message}`);
      process.exitCode = 1;
      continue;
    }
    const [{ label, score }] = value;
    const target = join(folder, score < 0.5 ? 'not sure' : label);
    await mkdir(target, { recursive: true });
    await rename(join(folder, name), join(target, name));
    console.log(`${name}: ${label} ${(100 * score).toFixed(1)} %`);
  }
} finally {
  await pool.dispose();
}
