// npm run demo: the demo page on this machine, cross-origin isolated so that threads work.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressFiles } from './compress.mjs';
import { command, prepare } from './prepare.mjs';
import { policyOf, SiteError, writeSite } from './site.mjs';

const HELP = `Usage: npm run demo -- [options]

Builds what is missing, then serves the demo page on this machine until interrupted.

  --port N          [8050; 0 takes any free one]
  --no-isolation    without the headers that make threads possible: one thread
  --weights FOLDER  weights to serve; may be given several times, for a choice
                    [IMAGENET1K_V2 as installed, else the test checkpoint; and CIFAR10_DEMO]
  --float32         float32 shards too, where a folder has both precisions, to compare with
  --no-first-look   begin with an empty frame instead of a sample and its result
  --no-build        take dist/ as it is
`;

const OPTIONS = {
  port: { type: 'string', default: '8050' },
  'no-isolation': { type: 'boolean' },
  'no-first-look': { type: 'boolean' },
};

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** As headers of every answer, the policy binds workers as well; the page's own copy binds only the page. */
function headersOf(site, isolated) {
  const policy = policyOf(readFileSync(join(site, 'index.html'), 'utf8'));
  return {
    ...(isolated ? ISOLATION : {}),
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
  };
}

/** Folders whose files are other ones under another name. */
const NAMED_BY_CONTENT = /^\/(assets|package-\w+)\//;

function portOf(text) {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new SiteError(`--port ${text}: must be a number, 0 to 65535`);
  return port;
}

/** Loaded late: in a clean clone, the build installs it. */
async function fileServer() {
  try {
    return (await import('sirv')).default;
  } catch {
    throw new SiteError("the development package 'sirv' is not installed: run 'npm ci' first");
  }
}

/** A folder that is gone when this process ends; two servers at a time do not share one. */
function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'resnet50-wasm-demo-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(0));
  return folder;
}

/** Starts to listen on this machine's own addresses; resolves to the port. */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new SiteError(
          taken ? `port ${port} is taken: choose another one with --port` : `cannot serve: ${error.message}`,
        ),
      );
    });
    server.listen(port, 'localhost', () => resolve(server.address().port));
  });
}

await command('demo', HELP, OPTIONS, async (values, say) => {
  const server = createServer();
  const port = await listen(server, portOf(values.port)); // before the long work: it may be taken
  const isolated = !values['no-isolation'];
  const weights = await prepare(values, say);
  const sirv = await fileServer();
  const site = temporaryFolder();
  await writeSite({ out: site, weights, isolationWorker: false, offline: false, firstLook: !values['no-first-look'] });
  await compressFiles(site);
  const headers = new Map(Object.entries(headersOf(site, isolated)));
  const setHeaders = (response, path) => {
    response.setHeaders(headers);
    if (NAMED_BY_CONTENT.test(path)) response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  };
  server.on('request', sirv(site, { etag: true, gzip: true, setHeaders }));
  say(`http://localhost:${port}/ (Ctrl+C ends it)`);
  const served = weights.map(({ name, folder }) => `${name} from ${folder}`).join(' and ');
  say(`serving ${served}, ${isolated ? 'isolated: threads work' : 'not isolated: one thread'}`);
});
