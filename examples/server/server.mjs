// node server.mjs: POST a picture to /classify, GET /health, GET /metrics. Ends on SIGTERM or SIGINT when all it has taken is
// answered; a second signal ends it at once.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResNet50 } from 'resnet50-wasm';
import { Classifier, Refusal, refusalOf } from './classify.mjs';
import { createMetrics } from './metrics.mjs';
import { settings } from './settings.mjs';

const { weights, jobs, maxBytes, maxPixels } = settings;
const pool = await ResNet50.pool({ weights, jobs, maxBytes, maxPixels });
const classifier = new Classifier(pool, settings);
const metrics = createMetrics({ inside: () => classifier.inside, memoryBytes: () => pool.info().memoryBytes });
let stopping = false;

const ROUTES = {
  '/classify': { method: 'POST', name: 'classify', answer: (...args) => classifier.answer(...args) },
  '/health': { method: 'GET', name: 'health', answer: health },
  '/metrics': { method: 'GET', name: 'metrics', answer: metrics.text },
};

/** Ready: it listens only once the networks are loaded, and says so until it is asked to stop. */
function health() {
  if (stopping) throw new Refusal(503, 'STOPPING', 'no new requests, please');
  return { status: 'ok', jobs, inside: classifier.inside };
}

function send(response, status, body, headers = {}) {
  const isText = typeof body === 'string';
  response.writeHead(status, {
    'Content-Type': isText ? metrics.contentType : 'application/json',
    'X-Content-Type-Options': 'nosniff',
    ...(stopping ? { Connection: 'close' } : {}),
    ...headers,
  });
  response.end(isText ? body : `${JSON.stringify(body)}\n`);
}

function routeOf(request, url) {
  const route = ROUTES[url.pathname];
  if (route === undefined) throw new Refusal(404, 'NOT_FOUND', 'there are /classify, /health and /metrics');
  if (request.method === route.method) return route;
  throw new Refusal(405, 'METHOD', `use ${route.method}`, { Allow: route.method });
}

async function handle(request, response, proceed = () => undefined) {
  const begun = performance.now();
  let name = 'none';
  response.once('close', () => metrics.answered(name, response.writableFinished ? response.statusCode : 499, begun));
  try {
    if (!URL.canParse(request.url, 'http://server')) throw new Refusal(400, 'ADDRESS', 'this is no address');
    const url = new URL(request.url, 'http://server');
    const route = routeOf(request, url);
    name = route.name;
    send(response, 200, await route.answer(request, response, url, proceed));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined && !response.destroyed) console.error(error);
    const { status = 500, code = 'INTERNAL', message = 'see the log', headers } = refusal ?? {};
    if (!response.destroyed) send(response, status, { error: { code, message } }, headers);
  }
}

const server = createServer(
  {
    requestTimeout: settings.requestMs, // 408 for senders that are too slow
    connectionsCheckingInterval: 500,
    keepAliveTimeout: 65_000, // longer than load balancers keep theirs, so that it is they who close
  },
  handle,
);
server.maxConnections = 2000;
// Who asks before sending (Expect: 100-continue, as curl does for large pictures) is refused before.
server.on('checkContinue', (request, response) => handle(request, response, () => response.writeContinue()));

async function stop() {
  if (stopping) process.exit(1);
  stopping = true;
  console.error(`stopping: ${classifier.inside} pictures inside`);
  await sleep(settings.drainMs);
  const cut = setTimeout(() => server.closeAllConnections(), settings.graceMs);
  server.close(async () => {
    clearTimeout(cut);
    await pool.dispose();
  });
}
process.on('SIGTERM', stop).on('SIGINT', stop);

server.listen(settings.port, settings.host, () => {
  const { address, port } = server.address();
  console.error(`http://${address}:${port}: ${jobs} networks, at most ${settings.most} pictures at a time`);
});
