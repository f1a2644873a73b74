// Checkpoints of all shapes (tests/tools/checkpoint_shapes.py), converted by the command line and run beside PyTorch.
import { execFileSync, spawn } from 'node:child_process';
import { rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../node/helpers.mjs';

const TOOL = join(ROOT, 'tests', 'tools', 'checkpoint_shapes.py');
const PYTHON = '/usr/bin/python3';
/** Largest difference from PyTorch's float32, over the standard deviation of its numbers. 2e-5 was measured. */
const CLOSE = 1e-3;

/** Names and titles of all shapes, or undefined without PyTorch. */
export function listShapes() {
  try {
    execFileSync(PYTHON, ['-c', 'import torch, torchvision'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const lines = execFileSync(PYTHON, [TOOL, '--list'], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => line.split('\t')).map(([name, title]) => ({ name, title }));
}

/** PyTorch in a process of its own, which makes one shape after the other. */
export class ShapeMaker {
  picture;
  #child;
  #lines;

  /** @param folder where the picture is put of which logits are given */
  constructor(folder) {
    this.picture = join(folder, 'crop.png');
    const photo = join(ROOT, 'tests', 'data', 'pictures', 'clock.jpg');
    this.#child = spawn(PYTHON, [TOOL, photo, this.picture], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The file of a shape and what is expected of it. */
  async make(name) {
    this.#child.stdin.write(`${name}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${TOOL} ended while it made ${name}`);
    return JSON.parse(value);
  }

  close() {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin.end();
    return ended;
  }
}

const deviation = (row) => {
  const mean = row.reduce((sum, v) => sum + v, 0) / row.length;
  return Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length);
};

/** Largest difference in deviations of the expected numbers (of the number itself where there is one). */
export function distance(found, expected) {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.length === 1 ? Math.abs(expected[0]) : deviation(expected);
  return Math.max(...expected.map((v, i) => Math.abs(v - found[i]))) / scale;
}

/** A run of the command line. */
function cli(args) {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args]);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stderr })));
}

/**
 * Converts one shape and compares.
 * @returns `faults`, empty where all is as expected; `outcome` in words
 */
export async function tryShape(maker, name, folder) {
  const { picture } = maker;
  const expected = await maker.make(name);
  const out = join(folder, name);
  const transforms = ['--resize', '224', '--crop', '224'];
  const { status, stderr } = await cli([
    ...['convert', expected.file, '--name', 'shape', '--out', out, '--precision', 'f32', '--compress', 'none'],
    ...[...transforms, ...expected.args],
  ]);
  await unlink(expected.file);
  const faults = [];
  const lines = stderr.trim().split('\n');
  const said = lines.at(-1);
  if (expected.refused !== undefined) {
    if (status !== 1) faults.push(`exit status ${status} instead of 1`);
    if (!new RegExp(expected.refused).test(said)) faults.push(`says '${said}', not /${expected.refused}/`);
    await rm(out, { recursive: true, force: true });
    return { faults, outcome: `refused: ${said.replace(/^resnet50-wasm: [^:]*: /, '')}`, refused: true };
  }
  if (status !== 0) return { faults: [`exit status ${status}: ${stderr}`], outcome: `FAILED: ${said}` };
  if (expected.understood && !new RegExp(expected.understood).test(said))
    faults.push(`says '${said}', not /${expected.understood}/`);
  if (expected.warned && !lines.some((line) => new RegExp(expected.warned).test(line)))
    faults.push(`no line of '${stderr}' is /${expected.warned}/`);
  const { ResNet50 } = await import('../../dist/index.node.js');
  const model = await ResNet50.load({ weights: out, precision: 'f32' });
  try {
    const kind = expected.embedding ? 'embedding' : 'logits';
    const found = await (expected.embedding ? model.embed(picture) : model.logits(picture));
    const far = distance([...found], expected[kind]);
    if (!(far < CLOSE)) faults.push(`${kind} are ${far} deviations from PyTorch's`);
    if (expected.embedding) {
      const refusal = await model.classify(picture).then(
        () => 'classified',
        (error) => `${error.code}: ${error.message}`,
      );
      if (!/^NOT_READY: .*no classifier/.test(refusal)) faults.push(`classify: ${refusal}`);
    }
    const chosen = lines.find((line) => line.includes('took the network'))?.replace(/^resnet50-wasm: /, '');
    const outcome = `converted; ${kind} within ${far.toExponential(0)} of PyTorch's; ${understood(said)}`;
    return { faults, outcome: chosen ? `${outcome}; ${chosen}` : outcome, distance: far };
  } finally {
    await model.dispose();
    await rm(out, { recursive: true, force: true });
  }
}

/** What the closing line says of names and classifier. */
const understood = (line) => /: (names of .*?)(?:; transforms|, resize)/.exec(line)?.[1] ?? line;
