// Recipes of docs/hosting.md as they stand there, on the servers that they are for: nginx and Vite's two servers. A page
// behind them is isolated and has threads.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { browserMissing, openPage } from '../support/browsers.mjs';
import { freePort } from '../support/free-port.mjs';
import { ROOT } from '../support/prepare.mjs';
import { prepared, toolsFolder } from '../support/prepared.mjs';
import { makeProject } from '../support/project.mjs';
import { newContext } from '../support/shared-browsers.mjs';
import { LIMIT, until } from '../support/wait.mjs';

const NGINX = '/usr/sbin/nginx';
const nginxMissing = !existsSync(NGINX) && `${NGINX} is not installed`;
if (nginxMissing && process.env.CI) throw new Error(`${NGINX} is required in CI`);

const PAGE = `<!doctype html><title>loading</title><link rel="icon" href="data:,"><script type="module" src="/main.js"></script>`;
const APP = `import { ResNet50 } from 'resnet50-wasm';
globalThis.load = async () => {
  const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', weightsUrl: '/weights/' });
  const { threads } = model.info();
  const { label } = (await model.classify('/horse.jpg'))[0];
  await model.dispose();
  return { isolated: crossOriginIsolated, threads, label };
};
document.title = 'ready';
`;

describe('hosting', { skip: browserMissing('chromium') }, () => {
  let tools;
  let context;
  let document;
  const tool = (...path) => join(tools, 'node_modules', ...path);

  before(async () => {
    tools = await toolsFolder('bundlers');
    await rm(tool('resnet50-wasm'), { recursive: true, force: true });
    await cp(prepared.packageFolder, tool('resnet50-wasm'), { recursive: true });
    document = await readFile(join(ROOT, 'docs', 'hosting.md'), 'utf8');
    context = await newContext('chromium');
  }, LIMIT);
  after(() => context?.close());

  /** The first block of code in a section of the document. */
  const recipe = (section, language) =>
    new RegExp(`\n## ${section}\n.*?\n\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(document)[1];

  /** A project that has Vite's settings from the document. */
  async function project(name) {
    const root = makeProject(join(tools, 'apps', `hosting-${name}`), {
      'index.html': PAGE,
      'main.js': APP,
      'vite.config.mjs': recipe('Vite', 'js'),
    });
    await mkdir(join(root, 'public', 'weights'), { recursive: true });
    await cp(tool('resnet50-wasm', 'weights', 'CIFAR10_DEMO'), join(root, 'public', 'weights', 'CIFAR10_DEMO'), {
      recursive: true,
    });
    await cp(join(ROOT, 'tests', 'data', 'cifar10', 'horse.jpg'), join(root, 'public', 'horse.jpg'));
    return root;
  }
  const vite = () => import(pathToFileURL(tool('vite', 'dist', 'node', 'index.js')).href);
  const settings = (root) => ({ root, logLevel: 'error', configFile: join(root, 'vite.config.mjs') });
  async function built(name) {
    const root = await project(name);
    await (await vite()).build(settings(root));
    return root;
  }

  async function check(address) {
    const lines = [];
    const page = await openPage(context, address, lines);
    try {
      await until(() => page.evaluate(() => globalThis.document.title === 'ready'), { what: 'the script has run' });
      const { isolated, threads, label } = await page.evaluate(() => globalThis.load());
      assert.deepEqual([isolated, label], [true, 'horse']);
      assert.ok(threads >= 2, `${threads} threads`);
      assert.deepEqual(
        lines.filter((line) => !line.startsWith('[vite]')),
        [],
      );
    } finally {
      await page.close();
    }
  }

  test('Vite, development server', LIMIT, async () => {
    const root = await project('vite-dev');
    const { createServer } = await vite();
    const server = await createServer({ ...settings(root), server: { host: '127.0.0.1', port: await freePort() } });
    await server.listen();
    try {
      await check(server.resolvedUrls.local[0]);
    } finally {
      await server.close();
    }
  });

  test('Vite, preview server', LIMIT, async () => {
    const root = await built('vite-preview');
    const { preview } = await vite();
    const server = await preview({ ...settings(root), preview: { host: '127.0.0.1', port: await freePort() } });
    try {
      await check(server.resolvedUrls.local[0]);
    } finally {
      await server.close();
    }
  });

  test('nginx', { ...LIMIT, skip: nginxMissing }, async () => {
    const root = await built('nginx');
    const port = await freePort();
    await writeFile(
      join(root, 'nginx.conf'),
      `daemon off; master_process off; pid ${root}/nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${root}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; root ${root}/dist; ${recipe('nginx', 'nginx')} }
}
`,
    );
    const child = spawn(NGINX, ['-p', root, '-c', join(root, 'nginx.conf'), '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    const origin = `http://127.0.0.1:${port}`;
    try {
      await until(() => fetch(origin).then(Boolean, () => false), { what: 'nginx is up' });
      await check(`${origin}/`);
      const files = await readdir(join(root, 'dist', 'assets'));
      const wasm = files.find((name) => name.endsWith('.wasm'));
      const answer = await fetch(`${origin}/assets/${wasm}`);
      assert.equal(answer.headers.get('content-type'), 'application/wasm');
      await answer.body.cancel();
    } catch (error) {
      throw new Error(`${error.message}\n${said}`, { cause: error });
    } finally {
      child.kill();
    }
  });
});
