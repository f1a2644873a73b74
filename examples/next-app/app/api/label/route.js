import { ResNet50 } from 'resnet50-wasm';

let loading; // once for all requests

export async function POST(request) {
  try {
    loading ??= ResNet50.load({ weights: 'CIFAR10_DEMO' });
    const [{ label, score }] = await (await loading).classify(await request.blob());
    return Response.json({ label, score });
  } catch ({ code, message }) {
    return Response.json({ code, error: message }, { status: 400 });
  }
}
