// A program of Node.js: what its types give and take.
import { openAsBlob } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pathToFileURL, URL } from 'node:url';
import { type ImageInput, ResNet50 } from 'resnet50-wasm';

export async function server(path: string) {
  const model = await ResNet50.load({ weights: new URL('file:///weights/'), signal: AbortSignal.timeout(1000) });
  const stream = Readable.toWeb(Readable.from([]));
  const inputs: ImageInput[] = [path, await readFile(path), pathToFileURL(path), await openAsBlob(path)];
  inputs.push(new Blob([]), stream, await fetch('https://example.org/a.jpg'));
  await writeFile('head.safetensors', await model.save());
  return model.classify(inputs, { signal: new AbortController().signal });
}
