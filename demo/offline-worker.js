// The site's service worker: keeps all files of the site but the weights, which the package keeps itself, so that the pages work
// without a connection. demo/offline.mjs puts FILES, VERSION and ISOLATE before it. Where ISOLATE is true, it adds the headers of
// cross-origin isolation to what comes from this origin, for hosts that cannot send them.

const CACHE = `resnet50-wasm-site-${VERSION}`;
const SCOPE = new URL('./', location.href).href;
/** Folders whose files have other names when they change: what is kept of them is never old. */
const NAMED_BY_CONTENT = /^(?:assets|package-\w+)\//;
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
/** Statuses whose responses may have no body. */
const WITHOUT_BODY = [101, 204, 205, 304];

addEventListener('install', (event) => event.waitUntil(keepAll()));
addEventListener('activate', (event) => event.waitUntil(Promise.all([dropOld(), clients.claim()])));
addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = new URL(request.url).origin === location.origin;
  // Browsers' developer tools ask for cached copies in a way that `fetch` refuses outside of same-origin mode.
  const isUnanswerable = request.cache === 'only-if-cached' && request.mode !== 'same-origin';
  const name = nameOf(request);
  if (!isOurs || isUnanswerable || (name === undefined && !ISOLATE)) return;
  event.respondWith(answer(request, name).then(isolated));
});

/** The site's file that a request is for; undefined for anything else. */
function nameOf({ method, url }) {
  const address = new URL(url);
  address.search = '';
  address.hash = '';
  if (method !== 'GET' || !address.href.startsWith(SCOPE)) return undefined;
  const name = address.href.slice(SCOPE.length) || 'index.html';
  return FILES.includes(name) ? name : undefined;
}

async function keepAll() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((name) => new Request(new URL(name, SCOPE), { cache: 'no-cache' })));
}

async function dropOld() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('resnet50-wasm-site-') && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

const kept = async (name) => (await caches.open(CACHE)).match(new URL(name, SCOPE));

async function answer(request, name) {
  if (name === undefined) return fetch(request);
  if (NAMED_BY_CONTENT.test(name)) return (await kept(name)) ?? fetch(request);
  try {
    return await fetch(request);
  } catch (error) {
    const response = await kept(name);
    if (response === undefined) throw error;
    return response;
  }
}

function isolated(response) {
  if (!ISOLATE || response.type === 'opaqueredirect') return response; // the browser follows it and asks again
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(WITHOUT_BODY.includes(status) ? null : response.body, { status, statusText, headers });
}
