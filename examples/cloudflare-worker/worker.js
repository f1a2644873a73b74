// curl --data-binary @photo.jpg https://YOUR-WORKER.workers.dev
import { ResNet50 } from 'resnet50-wasm';
import wasmModule from 'resnet50-wasm/wasm/resnet50-simd.wasm'; // workers may not compile: it comes compiled

let loading; // once for all requests of an isolate

export default {
  async fetch(request, { WEIGHTS_URL }) {
    if (request.method !== 'POST') return new Response('POST a JPEG, PNG or BMP file\n', { status: 405 });
    try {
      loading ??= ResNet50.load({ weights: 'CIFAR10_DEMO', weightsUrl: WEIGHTS_URL, wasmModule });
      const [{ label, score }] = await (await loading).classify(await request.arrayBuffer());
      return Response.json({ label, score });
    } catch ({ code, message }) {
      loading = code === 'NOT_AN_IMAGE' ? loading : undefined;
      return Response.json({ code, message }, { status: 400 });
    }
  },
};
