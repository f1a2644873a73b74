// The service worker that keeps the pages, so that they work without a connection; the package keeps the weights. Registered once
// the network is there: before, the connection has better things to do.

/** Asks for the worker and says so when everything is kept. @param store of state.js */
export function keepOffline(store, worker, line) {
  if (worker === undefined || !isSecureContext || !navigator.serviceWorker || navigator.connection?.saveData) return;
  let isAsked = false;
  store.subscribe(({ network }) => {
    if (isAsked || network !== 'ready') return;
    isAsked = true;
    navigator.serviceWorker
      .register(new URL(worker, document.baseURI))
      .then(() => navigator.serviceWorker.ready)
      .then(
        () => {
          line.hidden = false;
        },
        () => {}, // then the page needs a connection, as most do
      );
  });
}
