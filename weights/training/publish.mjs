// node weights/training/publish.mjs --checkpoint FILE.pth --data FOLDER [--bits N]: what cifar10.py trained becomes
// weights/CIFAR10_DEMO and the registry's entry. FOLDER is that of the training: calibration takes pictures of train/, the
// accuracy is measured on test/. FILE.pth.json must lie beside the checkpoint. Needs the built package.
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const NAME = 'CIFAR10_DEMO';
const CALIBRATION_IMAGES = '512';

const root = fileURLToPath(new URL('../../', import.meta.url));
const weights = (...names) => join(root, 'weights', ...names);

function run(command, args) {
  if (spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);
}

const { values } = parseArgs({
  options: { checkpoint: { type: 'string' }, data: { type: 'string' }, bits: { type: 'string', default: '4' } },
});
if (!values.checkpoint || !values.data) {
  console.error('publish: --checkpoint and --data are needed (see the top of weights/training/publish.mjs)');
  process.exit(2);
}

copyFileSync(`${values.checkpoint}.json`, weights('training', 'result.json'));
run('/usr/bin/python3', [weights('make_registry.py')]);
run(process.execPath, [join(root, 'web', 'build.mjs')]); // the converter takes transforms and labels from the registry
rmSync(weights(NAME), { recursive: true, force: true });
run(process.execPath, [
  ...[join(root, 'dist', 'cli.js'), 'convert', values.checkpoint, '--name', NAME, '--out', weights(NAME)],
  ...['--encoding', 'compact', '--bits', values.bits],
  ...['--calibrate', join(values.data, 'train'), '--calibration-images', CALIBRATION_IMAGES],
  ...['--evaluate', join(values.data, 'test')],
]);
