// Writes the hashes of the int8 logits of CIFAR10_DEMO into cifar10/logits.json, beside torchvision's float32 logits that
// make_cifar10_pictures.py --check puts there. To be run after the weights were converted anew; needs the built package.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { ResNet50 } from '../../../dist/index.node.js';

const folder = new URL('../cifar10/', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

const pictures = read('pictures.json');
const golden = read('logits.json');
const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', threads: 1 });
golden.int8 = {};
for (const { file } of pictures) {
  const logits = await model.logits(new URL(file, folder));
  golden.int8[file] = createHash('sha256').update(logits).digest('hex');
}
await model.dispose();
writeFileSync(new URL('logits.json', folder), `${JSON.stringify(golden, null, 1)}\n`);
