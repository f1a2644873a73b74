// What other runtimes took for the same work, as README.md has it; a test keeps the two alike. Milliseconds of 1000 logits from a
// tensor, in Chromium, float32 apart.
export const PEERS = {
  where: 'an idle Xeon with two processors and AVX-VNNI, Chromium 156',
  date: '2026-11-25',
  runtimes: ['resnet50-wasm', 'LiteRT.js 2.5', 'onnxruntime-web 1.30'],
  rows: [
    ['int8, 1 thread', 47, 58, 153],
    ['int8, 2 threads', 26, 31, 92],
    ['int8, 1 thread, without AVX-VNNI', 113, 179, 155],
    ['int8, 1 thread, without relaxed SIMD', 137, 180, 165],
  ],
};
