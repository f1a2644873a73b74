/**
 * Redirects in Node: followed by ourselves, because fetch would ask any server that another one names, those of the
 * machine's own network among them.
 */

/** As fetch itself has it. */
const MAX_REDIRECTS = 20;

/** fetch, whose redirects stay with the origin that was asked. Where one leads elsewhere, an answer from there, never asked for. */
export const fetchSameOrigin: typeof fetch = async (input, init) => {
  let at = new URL(String(input));
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetch(at, { ...init, redirect: 'manual' });
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, at);
    if (next.origin !== at.origin) return Object.defineProperty(new Response(), 'url', { value: next.href });
    at = next;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
};
