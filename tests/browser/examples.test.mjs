// The projects in examples/, each with the packed tarball as a user installs it: pages in Chromium, the rest in Node.js and
// workerd.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { browserMissing, openPage } from '../support/browsers.mjs';
import { freePort } from '../support/free-port.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared, toolsFolder } from '../support/prepared.mjs';
import { startServer } from '../support/server.mjs';
import { newContext } from '../support/shared-browsers.mjs';
import { LIMIT, until } from '../support/wait.mjs';
import { unpackCheckpoint } from '../test-weights.mjs';

const EXAMPLES = join(ROOT, 'examples');
const PHOTOS = join(ROOT, 'tests', 'data', 'cifar10');
const HORSE = join(PHOTOS, 'horse.jpg');
/** Longer ones, run by tests/node/examples-*.test.mjs. */
const ELSEWHERE = ['queue', 'server'];
const MOST_LINES = 60;
const skip = browserMissing('chromium');

/** Runs a program; resolves to what it said. Rejects with all of it if it fails. */
async function run(command, args, { cwd, status: wanted = 0, env = {} }) {
  const child = spawn(command, args, {
    ...{ cwd, timeout: 240_000, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NEXT_TELEMETRY_DISABLED: '1', CI: '1', ...env },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) child[stream].on('data', (chunk) => (said[stream] += chunk));
  const [status] = await once(child, 'close');
  assert.equal(status, wanted, `${command} ${args.join(' ')}\n${said.stdout}${said.stderr}`);
  return said;
}

async function filesOf(folder) {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  return files.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

describe('examples', { skip }, () => {
  let tools;
  let context;
  const seen = new Set();

  before(async () => {
    tools = await toolsFolder('bundlers');
    await rm(join(tools, 'node_modules', 'resnet50-wasm'), { recursive: true, force: true });
    await cp(prepared.packageFolder, join(tools, 'node_modules', 'resnet50-wasm'), { recursive: true });
    context = await newContext('chromium');
  }, LIMIT);
  after(() => context?.close());

  /** A copy of an example beside the tools, its folder. */
  async function copied(name, as = name) {
    seen.add(name);
    const folder = join(tools, 'apps', `example-${as}`);
    await rm(folder, { recursive: true, force: true });
    await cp(join(EXAMPLES, name), folder, { recursive: true });
    return folder;
  }

  const tool = (...path) => join(tools, 'node_modules', ...path);
  const cli = (cwd, ...args) => run(process.execPath, [tool('resnet50-wasm', 'dist', 'cli.js'), ...args], { cwd });

  /** Runs the scripts of package.json that get weights, with the installed command. */
  async function getWeights(folder, script = 'weights', ...more) {
    const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const [program, ...args] = scripts[script].split(' ');
    assert.equal(program, 'resnet50-wasm');
    await cli(folder, ...args, ...more);
  }

  /** Serves a folder, with the package where an installation has it, and hands an open page to `use`. */
  async function inPage(folder, use, { isolated = true } = {}) {
    const server = await startServer({
      folders: { '/node_modules/resnet50-wasm/': prepared.packageFolder, '/': folder },
      pages: { '/favicon.ico': '' },
      isolated,
    });
    const lines = [];
    const page = await openPage(context, `${server.origin}/`, lines);
    try {
      await use(page, server.origin);
      assert.deepEqual(lines, []);
    } catch (error) {
      throw new Error([error.message, await page.evaluate(() => document.body.textContent), ...lines].join('\n'), {
        cause: error,
      });
    } finally {
      await page.close();
      server.close();
    }
  }

  const textOf = (page, selector) => page.evaluate((css) => document.querySelector(css)?.textContent ?? '', selector);
  const says = (page, selector, pattern) =>
    until(async () => pattern.test(await textOf(page, selector)), { what: `${selector} says ${pattern}` });
  async function choose(page, selector, ...files) {
    await page.waitForSelector(`${selector}:not([disabled])`);
    await (await page.$(selector)).uploadFile(...files);
  }

  /** Builds a project into its folder dist. */
  async function viteBuild(root) {
    const { build } = await import(pathToFileURL(tool('vite', 'dist', 'node', 'index.js')).href);
    const config = (await readdir(root)).find((name) => name.startsWith('vite.config.'));
    await build({ root, logLevel: 'error', configFile: join(root, config) });
  }

  /** A copy of an example with its weights, built; the folder of what is to be published. */
  async function built(name) {
    const folder = await copied(name);
    await getWeights(folder);
    await viteBuild(folder);
    return join(folder, 'dist');
  }

  test('vite-typescript: progress, labels, an error that leaves the model usable, types', LIMIT, async () => {
    const folder = await built('vite-typescript');
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [tsc, '-p', join(folder, '..')], { cwd: folder });
    await inPage(folder, async (page) => {
      await says(page, 'p', /^Ready with [2-9] threads/);
      await choose(page, 'input', HORSE);
      await says(page, 'li', /^horse \d/);
      await choose(page, 'input', join(ROOT, 'LICENSE'));
      await says(page, 'p', /^NOT_AN_IMAGE: /);
      await choose(page, 'input', join(PHOTOS, 'frog.jpg'));
      await says(page, 'li', /^frog \d/);
      assert.equal((await page.$$('li')).length, 3);
    });
  });

  test('vite-typescript: without weights it names the command that gets them', LIMIT, async () => {
    const folder = await copied('vite-typescript', 'vite-bare');
    await viteBuild(folder);
    const server = await startServer({ folders: { '/': join(folder, 'dist') }, pages: { '/favicon.ico': '' } });
    const page = await openPage(context, `${server.origin}/`);
    try {
      await says(page, 'p', /npx resnet50-wasm weights CIFAR10_DEMO --out public\/weights/);
    } finally {
      await page.close();
      server.close();
    }
  });

  test('plain-html', LIMIT, async () => {
    await inPage(await copied('plain-html'), async (page) => {
      await choose(page, 'input', HORSE);
      await says(page, 'p', /^horse \d/);
    });
  });

  test('webcam: frame after frame, until it is stopped', LIMIT, async () => {
    await inPage(await copied('webcam'), async (page, origin) => {
      await context.overridePermissions(origin, ['camera']);
      await page.click('button');
      await says(page, 'output', /^\w+ \d+ % \(\d+ ms\)$/);
      const first = await textOf(page, 'output');
      await until(async () => (await textOf(page, 'output')) !== first, { what: 'another frame' });
      await page.click('button');
      await says(page, 'button', /^Start$/);
      const live = () =>
        document
          .querySelector('video')
          .srcObject.getTracks()
          .some((t) => t.readyState === 'live');
      assert.equal(await page.evaluate(live), false, 'the camera is off');
    });
  });

  test('react: a label and a heat map', LIMIT, async () => {
    await inPage(await built('react'), async (page) => {
      await choose(page, 'input', HORSE);
      await says(page, 'p', /^horse \d/);
      const painted = (canvas) =>
        canvas
          .getContext('2d')
          .getImageData(0, 0, canvas.width, canvas.height)
          .data.some((value) => value > 0);
      assert.ok(await page.$eval('canvas', painted));
    });
  });

  test('vue', LIMIT, async () => {
    await inPage(await built('vue'), async (page) => {
      await choose(page, 'input', HORSE);
      await says(page, 'li', /^horse \d/);
    });
  });

  test('next-app: the browser and the server name the same class', { timeout: 400_000 }, async () => {
    const folder = await copied('next-app');
    await getWeights(folder);
    const next = tool('next', 'dist', 'bin', 'next');
    await writeFile(
      join(folder, 'next.config.mjs'),
      `export default ${JSON.stringify({ outputFileTracingRoot: tools, turbopack: { root: tools } })};`,
    );
    await run(process.execPath, [next, 'build'], { cwd: folder });
    const port = await freePort();
    const child = spawn(process.execPath, [next, 'start', '-p', String(port), '-H', '127.0.0.1'], {
      ...{ cwd: folder, stdio: 'ignore' },
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NEXT_TELEMETRY_DISABLED: '1' },
    });
    const origin = `http://127.0.0.1:${port}`;
    try {
      const up = () =>
        fetch(origin).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(up, { what: 'the server is up' });
      const page = await openPage(context, `${origin}/`);
      await choose(page, 'input', HORSE);
      await says(page, 'p:last-of-type', /^Server: horse$/);
      assert.equal(await textOf(page, 'p'), 'Browser: horse');
      await page.close();
      const refused = await fetch(`${origin}/api/label`, { method: 'POST', body: 'no picture' });
      assert.deepEqual([refused.status, (await refused.json()).code], [400, 'NOT_AN_IMAGE']);
    } finally {
      child.kill();
    }
  });

  test('node-folder: photos are sorted, what is no photo stays', LIMIT, async () => {
    const folder = await copied('node-folder');
    await mkdir(join(folder, 'photos'));
    for (const name of ['horse.jpg', 'frog.jpg']) await cp(join(PHOTOS, name), join(folder, 'photos', name));
    await writeFile(join(folder, 'photos', 'broken.jpg'), 'no picture');
    const { stdout, stderr } = await run(process.execPath, ['label.mjs', 'photos'], { cwd: folder, status: 1 });
    assert.match(stdout, /^frog\.jpg: frog .*\nhorse\.jpg: horse /);
    assert.match(stderr, /^broken\.jpg: /);
    const left = (await filesOf(join(folder, 'photos'))).map((file) => file.slice(folder.length)).sort();
    assert.deepEqual(left, ['/photos/broken.jpg', '/photos/frog/frog.jpg', '/photos/horse/horse.jpg']);
  });

  test('cloudflare-worker: bundled as wrangler does, in workerd', LIMIT, async (t) => {
    const folder = await copied('cloudflare-worker');
    await getWeights(folder);
    const server = await startServer({ folders: { '/': join(folder, 'public') } });
    t.after(server.close);
    const { build } = (await import(tool('esbuild', 'lib', 'main.js'))).default;
    const wasm = {
      name: 'wasm',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\.wasm$/ }, () => ({ path: './resnet50-simd.wasm', external: true })),
    };
    await build({
      ...{ absWorkingDir: folder, entryPoints: ['worker.js'], outfile: 'out/worker.js', bundle: true, format: 'esm' },
      ...{ conditions: ['workerd', 'worker', 'browser'], plugins: [wasm], logLevel: 'error' },
    });
    await cp(tool('resnet50-wasm', 'dist', 'wasm', 'resnet50-simd.wasm'), join(folder, 'out', 'resnet50-simd.wasm'));
    await writeFile(
      join(folder, 'out', 'config.capnp'),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = ["public", "private", "local"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js"), (name = "resnet50-simd.wasm", wasm = embed "resnet50-simd.wasm")],
  bindings = [(name = "WEIGHTS_URL", text = "${server.origin}/weights/")],
  compatibilityDate = "2026-01-01",
);
`,
    );
    const runtimes = await toolsFolder('runtimes');
    const workerd = join(runtimes, 'node_modules', '@cloudflare', 'workerd-linux-64', 'bin', 'workerd');
    const child = spawn(workerd, ['serve', '--control-fd=3', 'config.capnp'], {
      ...{ cwd: join(folder, 'out'), stdio: ['ignore', 'ignore', 'inherit', 'pipe'] },
    });
    t.after(() => child.kill());
    const address = await new Promise((resolve) => {
      createInterface({ input: child.stdio[3] }).on('line', (line) => {
        const { event, port } = JSON.parse(line);
        if (event === 'listen') resolve(`http://127.0.0.1:${port}/`);
      });
    });
    const post = (body) => fetch(address, { method: 'POST', body });
    assert.equal((await fetch(address)).status, 405);
    assert.equal((await (await post(await readFile(HORSE))).json()).label, 'horse');
    const refused = await post('no picture');
    assert.deepEqual([refused.status, (await refused.json()).code], [400, 'NOT_AN_IMAGE']);
  });

  test('pytorch-to-page: converted with its own command', { ...LIMIT, skip: prepared.noWeights }, async () => {
    const folder = await copied('pytorch-to-page');
    await unpackCheckpoint(join(folder, 'model.pth'));
    const labels = Array.from({ length: 1000 }, (_, i) => `class ${i}\n`).join('');
    await writeFile(join(folder, 'labels.txt'), labels);
    // Calibrated on few pictures, without the longest step: what matters here is the way, not the accuracy.
    await getWeights(folder, 'convert', '--calibration-images', '2', '--no-compensation', '--no-matching');
    await inPage(folder, async (page) => {
      await says(page, 'p', /^1000 classes, resize 256: choose a photo\.$/);
      await choose(page, 'input', HORSE);
      await says(page, 'p', /^class \d+ \d/);
    });
  });

  test('teach-and-save: learned from photos, saved, opened again', LIMIT, async () => {
    await inPage(await copied('teach-and-save'), async (page) => {
      const photos = (...names) => names.map((name) => join(PHOTOS, `${name}.jpg`));
      await page.waitForSelector('button:not([disabled])');
      await page.type('[name=first]', 'animal');
      await page.type('[name=second]', 'vehicle');
      await choose(page, '#first', ...photos('bird', 'deer', 'frog'));
      await choose(page, '#second', ...photos('blue-car', 'cargo-ship', 'box-lorry'));
      await page.click('button');
      await says(page, 'output', /^learned: \d+ % right$/);
      await choose(page, '#photo', HORSE);
      await says(page, 'output', /^animal \d/);
      const bytes = await page.$eval('a', async ({ href }) =>
        Array.from(new Uint8Array(await (await fetch(href)).arrayBuffer())),
      );
      const head = join(tools, 'apps', 'example-teach-and-save', 'head.safetensors');
      await writeFile(head, Uint8Array.from(bytes));
      await page.reload();
      await page.waitForSelector('button:not([disabled])');
      await choose(page, '#saved', head);
      await says(page, 'output', /^opened$/);
      await choose(page, '#photo', ...photos('red-car'));
      await says(page, 'output', /^vehicle \d/);
    });
  });

  test('every example is tested and short, with the versions that are tested', async () => {
    const { devDependencies } = JSON.parse(await readFile(join(tools, 'package.json'), 'utf8'));
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const entries = await readdir(EXAMPLES, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && !ELSEWHERE.includes(entry.name));
    const table = await readFile(join(EXAMPLES, 'README.md'), 'utf8');
    for (const { name } of names) {
      assert.ok(prepared.noWeights || seen.has(name), `${name} is not tested`);
      assert.ok(table.includes(`| [${name}](${name}) |`), `${name} is missing from README.md`);
      const files = await filesOf(join(EXAMPLES, name));
      const own = files.filter((file) => !/\.json$|README\.md$/.test(file));
      const texts = await Promise.all(own.map((file) => readFile(file, 'utf8')));
      const lines = texts.join('').split('\n').length - 1;
      assert.ok(lines < MOST_LINES, `${name} has ${lines} lines`);
      const example = JSON.parse(await readFile(join(EXAMPLES, name, 'package.json'), 'utf8'));
      assert.equal(example.dependencies['resnet50-wasm'], `^${version}`, name);
      for (const [dependency, wanted] of Object.entries({ ...example.dependencies, ...example.devDependencies }))
        if (devDependencies[dependency] !== undefined)
          assert.equal(wanted, devDependencies[dependency], `${name}: ${dependency}`);
    }
  });
});
