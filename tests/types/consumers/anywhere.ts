// A consumer that needs nothing of its platform: neither the DOM nor Node.js's types.
import {
  type ClassifyOptions,
  cosineSimilarity,
  type Example,
  type FitOptions,
  getWeight,
  heatmapPixels,
  type ImageInput,
  type LoadOptions,
  listWeights,
  ResNet50,
  ResNet50_Weights,
  ResNet50Error,
  type SummaryOptions,
  type Weights,
  weightsCache,
} from 'resnet50-wasm';
import { type ConvertOptions, type ConvertProgress, convert } from 'resnet50-wasm/convert';
import { ResNet50 as InPlace } from 'resnet50-wasm/static';

export async function use(path: string, bytes: Uint8Array): Promise<string> {
  const model: ResNet50 = await ResNet50.load({ weights: ResNet50_Weights.DEFAULT, threads: 2 });
  const options: ClassifyOptions = { topK: 3, region: { left: 0, top: 0, right: 1, bottom: 0.5 } };
  const inputs: ImageInput[] = [path, bytes, bytes.buffer as ArrayBuffer, { data: bytes, width: 4, height: 2 }];
  const [best] = await model.classify(path, options);
  const [first] = await model.classify(inputs, options);
  const logits: Float32Array = await model.logits(path);
  const { tensor, shape } = await model.preprocess(path);
  const again: Float32Array = await model.logits({ tensor, shape });
  const stages = await model.features(path, ['layer3', 'layer4']);
  const map = await model.explain(path);
  const pixels: Uint8ClampedArray = heatmapPixels(map);
  const examples: Example[] = [{ label: 'a', image: path }];
  const report = await model.fit(examples, { method: 'head' });
  const saved: Uint8Array = await model.save();
  const files: Record<string, Uint8Array> = await model.save({ what: 'all' });
  const inPlace = await InPlace.load({ head: saved });
  await inPlace.dispose();
  await model.dispose();
  const weights: Weights = getWeight(listWeights()[0] ?? 'DEFAULT');
  const shards = await weightsCache.list();
  const numbers = [
    cosineSimilarity(logits, again),
    pixels.length,
    report.epochs,
    shards.length,
    Object.keys(files).length,
  ];
  return `${best?.label} ${first?.[0]?.score} ${stages.layer3?.shape.join()} ${weights.name} ${numbers.join()}`;
}

/** A checkpoint becomes weights, and those a model. */
export async function convertAndLoad(path: string, bytes: Uint8Array): Promise<ResNet50> {
  const onProgress = ({ phase, fraction, secondsLeft }: ConvertProgress) => `${phase} ${fraction} ${secondsLeft}`;
  const options: ConvertOptions = {
    ...{ transforms: 'V1', labels: ['a', { label: 'b' }], calibrate: [bytes], onProgress, name: undefined },
    evaluate: [path, { image: bytes, label: 1 }],
  };
  const made = await convert(bytes, options);
  const [photo] = made.report.photos;
  const words: (string | undefined)[] = [made.manifest.name, made.recognized.naming, photo?.guesses.int8[0]?.label];
  // @ts-expect-error a number is no checkpoint
  await convert(words.length);
  // @ts-expect-error there is no such preset
  await convert(path, { transforms: 'V3' });
  return ResNet50.load({ weights: words.length > 0 ? made : { files: { 'manifest.json': bytes } } });
}

/** With exactOptionalPropertyTypes too, undefined is as good as absent. */
export function exact(n: number | undefined, yes: boolean | undefined, text: string | undefined): unknown {
  const load: LoadOptions = {
    ...{ weights: text, precision: undefined, activationBits: undefined, threads: n, onProgress: undefined },
    ...{ signal: undefined, worker: yes, wasmUrl: text, workerUrl: text, wasmModule: undefined, weightsUrl: text },
    ...{ weightsDir: text, head: undefined, transforms: { mean: undefined, resizeSize: n }, flavour: undefined },
    ...{ maxBytes: n, maxPixels: n, classes: n, seed: n },
  };
  const classify: ClassifyOptions = {
    ...{ topK: n, threshold: n, allow: undefined, deny: undefined, crops: undefined, transforms: undefined },
    ...{ rotate: undefined, region: undefined, orientation: undefined, background: undefined, signal: undefined },
  };
  const fit: FitOptions = { method: undefined, epochs: n, k: n, onProgress: undefined, classes: undefined };
  const example: Example = { label: 'a', image: undefined, embedding: undefined };
  const summary: SummaryOptions = { inputSize: n, batch: n, depth: n };
  const image: ImageInput = { data: new Uint8Array(3), width: 1, height: 1, channels: undefined };
  const error = new ResNet50Error('INTERNAL', 'text', { subject: text, cause: undefined });
  return [load, classify, fit, example, summary, image, error, getWeight('DEFAULT').transforms({ cropSize: n })];
}

export async function wrong(model: ResNet50): Promise<void> {
  // @ts-expect-error a number is no image
  await model.classify(42);
  // @ts-expect-error nor is any object
  await model.classify({ nonsense: true });
  // @ts-expect-error nor true
  await model.logits(true);
  // @ts-expect-error nor a function
  await model.embed(() => 1);
  // @ts-expect-error nor null
  await model.classify(null);
  // @ts-expect-error nor numbers in a list
  await model.classify([1, 2]);
  // @ts-expect-error the option is topK
  await model.classify('a.jpg', { topk: 3 });
  // @ts-expect-error weights have names
  await ResNet50.load({ weights: 42 });
  // @ts-expect-error no head is a number
  await ResNet50.load({ head: 42 });
  // @ts-expect-error a signal is an AbortSignal
  await ResNet50.load({ signal: 'stop' });
  // @ts-expect-error models are loaded
  new ResNet50();
  // @ts-expect-error models are loaded
  new InPlace();
}
