// A server on this machine for one page: folders under prefixes, cross-origin isolated, nothing cached, and a list of what
// was fetched.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** `find(path)` gives the file of a path or undefined. Resolves to { origin, fetched, close }. */
export async function serve(find) {
  const fetched = new Map(); // path -> file
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const file = find(path);
    const stat = file && statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    fetched.set(path, file);
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': stat.size,
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, fetched, close };
}

/** A `find` for folders: { '/prefix/': folder }. */
export function folders(map) {
  return (path) => {
    const prefix = Object.keys(map).find((name) => path.startsWith(name));
    return prefix && join(map[prefix], path.slice(prefix.length));
  };
}
