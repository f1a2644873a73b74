// A service worker that adds the isolation headers to what this origin answers, for hosts that cannot send them: threads
// need them. It keeps nothing and changes nothing else.

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));

addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = new URL(request.url).origin === location.origin;
  // Browsers' developer tools ask for cached copies in a way that `fetch` refuses outside of same-origin mode.
  const isUnanswerable = request.cache === 'only-if-cached' && request.mode !== 'same-origin';
  if (isOurs && !isUnanswerable) event.respondWith(isolated(request));
});

async function isolated(request) {
  const response = await fetch(request);
  if (response.type === 'opaqueredirect') return response; // the browser follows it and asks again
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const hasBody = ![101, 204, 205, 304].includes(response.status);
  const { status, statusText } = response;
  return new Response(hasBody ? response.body : null, { status, statusText, headers });
}
