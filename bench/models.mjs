// What the rows run on, made once and kept in build/bench: the network in every peer's format (models/make.py), our own
// weights converted from the same state dict, the peers' packages, photos. Knows no engine.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError, root, run, work } from './tools.mjs';

export const models = join(work, 'models');
const peers = join(root, 'bench', 'peers');
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const debianPackages = ['python3-onnx', 'python3-flatbuffers', 'python3-numpy', 'python3-pil', 'python3-torchvision'];

const say = (line) => console.error(`bench: ${line}`);

/** Does `step` unless `stamp` says that it was done with these files as they are. */
function unlessCurrent(stamp, files, step) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  const current = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === current) return;
  step();
  writeFileSync(stamp, current);
}

function needPython() {
  const has = () =>
    spawnSync(python, ['-c', 'import onnx, flatbuffers, torchvision, PIL'], { stdio: 'ignore' }).status === 0;
  if (has()) return;
  const command = `apt-get install ${debianPackages.join(' ')}`;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0) {
    say(command);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...debianPackages], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  if (!has()) throw new BenchError(`${python} lacks packages that write the peers' models: ${command}`);
}

/** The peers' formats and our weights, in build/bench/models. */
export function makeModels() {
  const scripts = readdirSync(join(root, 'bench', 'models')).filter((name) => name.endsWith('.py'));
  const sources = scripts.sort().map((name) => join(root, 'bench', 'models', name));
  mkdirSync(work, { recursive: true });
  unlessCurrent(join(work, '.models'), sources, () => {
    needPython();
    say('writing the network in every format (10 s)');
    rmSync(models, { recursive: true, force: true });
    run(python, [join(root, 'bench', 'models', 'make.py'), models]);
  });
  const converter = join(root, 'dist', 'wasm', 'resnet50-convert-simd-threads.wasm');
  if (!existsSync(converter)) throw new BenchError('dist/ holds no converter: npm run build comes first');
  unlessCurrent(join(work, '.weights'), [...sources, converter], () => {
    say('converting our weights');
    const calibration = ['--calibrate', join(models, 'calibration'), '--resize', '224', '--crop', '224'];
    const target = ['--name', 'bench', '--out', join(models, 'ours'), '--precision', 'both'];
    run(process.execPath, [
      join(root, 'dist', 'cli.js'),
      'convert',
      join(models, 'state.safetensors'),
      ...target,
      ...calibration,
    ]);
  });
  return models;
}

/** Folder of our weights, made where it is missing. */
export const ourWeights = () => join(makeModels(), 'ours');

/** The peers' packages, as bench/peers/package-lock.json pins them. Scripts of packages are not run: none is needed. */
export function installPeers() {
  const lock = join(peers, 'package-lock.json');
  const stamp = join(peers, 'node_modules', '.installed');
  unlessCurrent(stamp, [lock], () => {
    say('installing the peers (npm ci in bench/peers, 600 MB)');
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: peers });
  });
}

/** Bytes of a file or of the files in a folder that `keep` names. */
function bytesOf(path, keep = () => true) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path)
    .filter(keep)
    .reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

/** Bytes of the model that a row loads. */
export function modelBytes({ engine, precision }) {
  if (engine === 'empty') return 0;
  if (engine === 'tfjs') return bytesOf(join(models, `tfjs-${precision}`));
  if (engine === 'litert') return bytesOf(join(models, `${precision}.tflite`));
  if (engine.startsWith('onnxruntime')) return bytesOf(join(models, `${precision}.onnx`));
  return bytesOf(join(models, 'ours'), (name) => name === 'manifest.json' || name.includes(`-${precision}-`));
}

/** The folder of photos: that of $RESNET50_TEST_MATERIAL where it is set, else our own pictures. */
function photoFolder() {
  const material = process.env.RESNET50_TEST_MATERIAL;
  const candidates = [material && join(material, 'images', 'imagenet-300'), join(root, 'tests', 'data', 'pictures')];
  return candidates.find((path) => path && existsSync(path));
}

/** `count` JPEG files, over and over where there are fewer. */
export function photos(count) {
  const folder = photoFolder();
  const files = readdirSync(folder)
    .filter((name) => /\.jpe?g$/i.test(name))
    .sort();
  return Array.from({ length: count }, (_, i) => join(folder, files[i % files.length]));
}

/** Width and height that the frame header of a JPEG file tells. */
function jpegSize(file) {
  const bytes = readFileSync(file);
  for (let at = 2; at + 9 < bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const isFrame = bytes[at + 1] >= 0xc0 && bytes[at + 1] <= 0xc2;
    if (isFrame) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
  }
  return { width: 0, height: 0 };
}

/** A JPEG file of 500 x 375 pixels, a real photo where there is one (drawings decode faster). */
export function onePhoto() {
  const found = photos(300).find((file) => {
    const { width, height } = jpegSize(file);
    return width === 500 && height === 375;
  });
  return found ?? join(root, 'tests', 'data', 'pictures', 'clock.jpg');
}
