// What the demo does where memory is short, without a browser: what it remembers, what it tries with less, what it says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadingText } from '../../demo/page/progress-view.js';
import { lookingText } from '../../demo/page/results-view.js';
import { loadingSentence, pictureSentence } from '../../demo/page/sentences.js';
import { loadWithLess, lookAtDevice, withSmallerCopy } from '../../demo/page/small-device.js';
import { createStore, initialState } from '../../demo/page/state.js';

/** A tab: its storage outlives its pages. */
function tab(navigator = {}) {
  const kept = new Map();
  const sessionStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  return {
    /** A page in it, at work as its store says, and what it found. */
    open() {
      const listeners = [];
      const scope = { sessionStorage, navigator, addEventListener: (_, listener) => listeners.push(listener) };
      const device = lookAtDevice(scope);
      const store = createStore(initialState());
      device.watch(store);
      return { ...device, store, leave: () => listeners.forEach((listener) => void listener()) };
    },
  };
}

test('a page that was ended while it loaded waits to be asked the next time, and loads on one thread', () => {
  const own = tab();
  const first = own.open();
  assert.deepEqual([first.reason, first.options], ['', {}]);
  first.store.update({ network: 'loading' });
  const second = own.open();
  assert.match(second.reason, /^The browser ended this page while the network was loading, .*close other tabs/);
  assert.deepEqual(second.options, { threads: 1 });
  assert.equal(own.open().reason, '', 'it says so once');
});

test('a page that was ended while it looked at a picture says so', () => {
  const own = tab();
  own.open().store.update({ network: 'ready', busy: true });
  assert.match(own.open().reason, /while it looked at a picture, .*smaller picture/);
});

test('pages that have done their work, or that a visitor left or reloaded, were not ended', () => {
  const own = tab();
  const { store, leave } = own.open();
  store.update({ network: 'loading' });
  store.update({ network: 'ready' });
  assert.equal(own.open().reason, '');
  store.update({ busy: true });
  leave();
  assert.equal(own.open().reason, '');
});

test('devices that tell of little memory wait to be asked; those that tell nothing, or enough, do not', () => {
  const of = (deviceMemory) => tab({ deviceMemory }).open();
  assert.match(of(0.5).reason, /^This device has about 0.5 GB of memory, .*close other tabs/);
  assert.deepEqual(of(0.25).options, { threads: 1 });
  for (const memory of [undefined, 1, 8]) assert.deepEqual(of(memory).options, {});
});

test('a page without storage works', () => {
  const scope = {
    navigator: {},
    addEventListener() {},
    get sessionStorage() {
      throw new DOMException('forbidden', 'SecurityError');
    },
  };
  const device = lookAtDevice(scope);
  const store = createStore(initialState());
  device.watch(store);
  store.update({ network: 'loading' });
  assert.equal(device.reason, '');
});

const failing = (code) => Object.assign(new Error(code), { code });

test('where memory runs out, loading is tried once more on one thread; other errors are not tried again', async () => {
  for (const code of ['OUT_OF_MEMORY', 'CORE_CRASHED']) {
    const tried = [];
    const load = async ({ threads }) => {
      tried.push(threads);
      if (threads !== 1) throw failing(code);
      return 'a model';
    };
    assert.equal(await loadWithLess(load, {}), 'a model');
    assert.deepEqual(tried, [undefined, 1]);
  }
  let calls = 0;
  const never = async () => {
    calls++;
    throw failing('FETCH_FAILED');
  };
  await assert.rejects(loadWithLess(never, {}), { code: 'FETCH_FAILED' });
  assert.equal(calls, 1);
  const stopped = { signal: AbortSignal.abort() };
  await assert.rejects(
    loadWithLess(() => Promise.reject(failing('OUT_OF_MEMORY')), stopped),
    { code: 'OUT_OF_MEMORY' },
  );
});

test('a picture for which memory runs out is looked at as a smaller copy, which is closed', async () => {
  let closed = 0;
  const draw = async (file, { resizeWidth }) => ({ name: `${file} ${resizeWidth}`, close: () => closed++ });
  const work = async (image) => {
    if (image === 'large') throw failing('OUT_OF_MEMORY');
    if (image === 'broken') throw failing('CORRUPT_IMAGE');
    return { seen: image.name ?? image };
  };
  assert.deepEqual(await withSmallerCopy(work, 'small', draw), { seen: 'small', isCopy: false });
  assert.deepEqual(await withSmallerCopy(work, 'large', draw), { seen: 'large 1024', isCopy: true });
  assert.equal(closed, 1);
  await assert.rejects(withSmallerCopy(work, 'broken', draw), { code: 'CORRUPT_IMAGE' });
  const noCopy = () => Promise.reject(new Error('no memory'));
  await assert.rejects(withSmallerCopy(work, 'large', noCopy), { code: 'OUT_OF_MEMORY' });
});

test('what is said of memory names a remedy', () => {
  assert.match(loadingSentence(failing('OUT_OF_MEMORY')), /not enough memory.*close other tabs/);
  assert.match(loadingSentence(failing('CORE_CRASHED')), /memory ran out: close other tabs, then try again/);
  assert.match(pictureSentence(failing('OUT_OF_MEMORY'), 'a.jpg'), /“a.jpg”: close other tabs, or choose a smaller/);
});

test('how long it takes is said where it takes long', () => {
  const plain = (text) => text.replaceAll('\u00a0', ' ');
  const half = { loaded: 10e6, total: 20e6 };
  assert.equal(plain(loadingText(half)), 'Loading the network: 10.0 of 20.0 MB');
  assert.equal(
    plain(loadingText({ ...half, secondsLeft: 4.2 })),
    'Loading the network: 10.0 of 20.0 MB, about 5 s left',
  );
  assert.equal(plain(loadingText({ ...half, secondsLeft: 2 })), 'Loading the network: 10.0 of 20.0 MB');
  assert.deepEqual([0, 800, 3400].map(lookingText), ['Looking…', 'Looking…', 'Looking… about 3 s on this device.']);
});
