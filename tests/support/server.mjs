// The web server of the tests: folders under prefixes, isolation, CSP and CORS as asked, and faults on demand.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.bmp': 'image/bmp',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.webm': 'video/webm',
};

/** The policy under which the package must work. */
export const STRICT_CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

/**
 * @typedef {object} ServerOptions
 * @property {Record<string, string>} folders folder by URL prefix ('/package/'), longest prefix first
 * @property {Record<string, string>} [pages] HTML or other text by path
 * @property {boolean} [isolated] Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy
 * @property {string} [csp]
 * @property {boolean} [cors] any origin may read
 * @property {string} [caching] Cache-Control; 'no-cache' unless given
 * @property {string} [fallback] HTML for everything that is not there, as single-page servers send it
 * @property {(request: object, response: object, path: string, count: number) => boolean | undefined} [fault] answers
 *   in place of the server when it returns true; `count` is how often the path was asked for, this time included
 */

/**
 * Starts a server on a free port of 127.0.0.1.
 * @param {ServerOptions} options may be changed while the server runs
 */
export async function startServer(options) {
  const requests = [];
  const counts = new Map();
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    requests.push({ path, range: request.headers.range });
    counts.set(path, (counts.get(path) ?? 0) + 1);
    for (const [name, value] of Object.entries(headersOf(options))) response.setHeader(name, value);
    if (options.fault?.(request, response, path, counts.get(path))) return;
    const text = options.pages?.[path];
    if (text !== undefined) {
      response.setHeader('content-type', TYPES[extname(path)] ?? TYPES['.html']);
      return response.end(text);
    }
    const file = fileOf(options.folders, path);
    const stats = file && (await stat(file).catch(() => undefined));
    if (stats?.isFile()) return sendFile(request, response, file, stats);
    if (options.fallback === undefined) return response.writeHead(404).end('not here');
    response.writeHead(200, { 'content-type': TYPES['.html'] }).end(options.fallback);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    options,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function headersOf({ isolated, csp, cors, caching = 'no-cache' }) {
  return {
    'cache-control': caching,
    ...(isolated && {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    }),
    ...(csp && { 'content-security-policy': csp }),
    ...(cors && { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }),
  };
}

function fileOf(folders, path) {
  const prefix = Object.keys(folders)
    .filter((p) => path.startsWith(p))
    .sort((a, b) => b.length - a.length)[0];
  if (prefix === undefined) return undefined;
  const rest = normalize(`/${path.slice(prefix.length)}`);
  return join(folders[prefix], rest.endsWith('/') ? `${rest}index.html` : rest);
}

function sendFile(request, response, file, { size, mtimeMs }) {
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.setHeader('etag', `"${size}-${mtimeMs}"`);
  if (request.headers['if-none-match'] === `"${size}-${mtimeMs}"`) return response.writeHead(304).end();
  const from = firstByte(request);
  response.setHeader('content-length', size - from);
  if (from > 0) response.setHeader('content-range', `bytes ${from}-${size - 1}/${size}`);
  response.writeHead(from > 0 ? 206 : 200);
  if (request.method === 'HEAD') return response.end();
  createReadStream(file, { start: from })
    .on('error', () => response.destroy())
    .pipe(response);
}

const firstByte = (request) => Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);

function writeHead(response, from, size) {
  const headers = { 'content-type': 'application/octet-stream', 'content-length': size - from, etag: '"1"' };
  if (from > 0) headers['content-range'] = `bytes ${from}-${size - 1}/${size}`;
  response.writeHead(from > 0 ? 206 : 200, headers);
}

/** Answers with the asked range of the bytes. */
export function sendRange(request, response, bytes) {
  const from = firstByte(request);
  writeHead(response, from, bytes.length);
  response.end(bytes.subarray(from));
}

/**
 * Sends the first `count` bytes of what was asked and drops the connection: as soon as `arrived` says that the other
 * side has them (fetch forgets what it has not yet been asked for when a connection breaks), or after 20 ms.
 * @param {() => unknown} [arrived] may be async
 */
export function sendAndDrop(request, response, bytes, count, arrived) {
  const from = firstByte(request);
  writeHead(response, from, bytes.length);
  const drop = async () => ((await arrived()) ? response.destroy() : setTimeout(drop, 5));
  const sent = arrived ? drop : () => setTimeout(() => response.destroy(), 20);
  response.write(bytes.subarray(from, from + count), sent);
}
