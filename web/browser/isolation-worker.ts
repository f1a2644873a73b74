/**
 * A service worker that adds the isolation headers, which threads need, to what its own origin answers. It keeps nothing and
 * changes nothing else. Pages register it with `isolate` of `resnet50-wasm/isolation`.
 */

/** The part of a service worker's events that is used here; the project's `lib` has the page's half of the platform. */
interface WorkerEvent extends Event {
  readonly request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(answer: Promise<Response>): void;
}
interface ServiceWorkerRealm {
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate' | 'fetch', listener: (event: WorkerEvent) => void): void;
}
const realm = globalThis as unknown as ServiceWorkerRealm;

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
/** Statuses whose responses may have no body. */
const WITHOUT_BODY = [101, 204, 205, 304];

realm.addEventListener('install', () => void realm.skipWaiting());
realm.addEventListener('activate', (event) => event.waitUntil(realm.clients.claim()));

realm.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = new URL(request.url).origin === realm.location.origin;
  // Browsers' developer tools ask for cached copies in a way that `fetch` refuses outside of same-origin mode.
  const isUnanswerable = request.cache === 'only-if-cached' && request.mode !== 'same-origin';
  if (isOurs && !isUnanswerable) event.respondWith(isolated(request));
});

async function isolated(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.type === 'opaqueredirect') return response; // the browser follows it and asks again
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(WITHOUT_BODY.includes(status) ? null : response.body, { status, statusText, headers });
}
