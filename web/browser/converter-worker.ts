/** The worker of a converter: dist/worker-convert-simd.js and its twin with threads, made as worker.ts says. */
import { sha256 } from '@noble/hashes/sha2.js';
import { ConverterHost } from '../host/converter/converter-host.js';
import { browserImages } from './images.js';
import { listen } from './serve.js';
import factory from './wasm/core.mjs';

/** Piece by piece, which WebCrypto cannot. */
function newHash() {
  const hash = sha256.create();
  const hex = () => Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { update: (bytes: Uint8Array) => void hash.update(bytes), hex };
}

listen(
  factory,
  (threaded, post) => new ConverterHost({ ...browserImages, loadFactory: async () => threaded, newHash }, post),
);
