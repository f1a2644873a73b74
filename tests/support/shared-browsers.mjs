// One browser process per kind for all test files of this process: started by the first that asks, closed after the last
// test. What each gets is a context: cache, storage, service workers and permissions are not shared.
import { after } from 'node:test';
import { launch } from './browsers.mjs';

const started = new Map();

async function sharedBrowser(name) {
  const running = await started.get(name)?.catch(() => undefined);
  if (running?.connected) return running;
  if (running) console.error(`test: ${name} has ended by itself; starting another for the tests that follow`);
  started.set(name, launch(name));
  return started.get(name);
}

/** A new context of the shared browser; whoever asks closes it. */
export async function newContext(name, options) {
  return (await sharedBrowser(name)).createBrowserContext(options);
}

after(async () => {
  for (const starting of await Promise.allSettled(started.values())) await starting.value?.close();
});
