// What the tests use inside a page: hashes of logits, errors as plain objects, inputs of every kind. Runs in pages and
// workers; knows nothing of the test runner.

/** SHA-256 of float32 numbers, hex: equal only for equal bits. */
export async function hashOf(logits) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', logits));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Trains a head on pictures and made-up embeddings; SHA-256 of what `save` gives. */
export async function hashOfHead(model, pictures) {
  const wave = (i) => Float32Array.from({ length: 2048 }, (_, k) => Math.abs(((k * 37 * (i + 1)) % 101) - 50) / 50);
  const made = Array.from({ length: 12 }, (_, i) => ({ label: i % 2 === 0 ? 'even' : 'odd', embedding: wave(i) }));
  await model.fit([...pictures.map((image) => ({ image, label: 'picture' })), ...made], { holdOut: 0 });
  return hashOf(await model.save());
}

/** Layer4 and fc trained a little on drawn pictures; the hash of the new network's logits, and what `fit` reports. */
export async function finetuned(model) {
  const side = 64;
  const picture = (tint, i) => {
    const data = Uint8Array.from({ length: side * side * 3 }, (_, p) =>
      p % 3 === tint ? 200 : (p * 31 * (i + 1)) % 90,
    );
    return { data, width: side, height: side };
  };
  const examples = Array.from({ length: 8 }, (_, i) => ({
    label: i % 2 ? 'red' : 'blue',
    image: picture(i % 2 ? 0 : 2, i),
  }));
  const options = { unfreeze: ['layer4', 'fc'], epochs: 1, batchSize: 4, holdOut: 0 };
  const { finetuned } = await model.fit(examples, options);
  return { finetuned, hash: await hashOf(await model.logits(picture(0, 99))) };
}

/** What a promise came to: its value, or its error's name, code and message. */
export async function outcome(promise) {
  try {
    return { value: await promise };
  } catch (error) {
    const { name, code, message, subject } = error;
    return { error: { name, code, message, subject } };
  }
}

export const bytesOf = async (url) => (await fetch(url)).arrayBuffer();

export async function imageElement(url, settings = {}) {
  const image = Object.assign(new Image(), settings, { src: url });
  await image.decode();
  return image;
}

export function draw(canvas, source, width, height) {
  Object.assign(canvas, { width, height });
  canvas.getContext('2d', { colorSpace: 'srgb' }).drawImage(source, 0, 0);
  return canvas;
}

/** A video that a canvas makes: recorded if the browser has an encoder, else what the canvas shows at the moment. */
async function videoFrom(canvas, source) {
  const stream = canvas.captureStream(30);
  const chunks = [];
  const redraw = () => canvas.getContext('2d').drawImage(source, 0, 0);
  const video = Object.assign(document.createElement('video'), { muted: true });
  const recorder = new MediaRecorder(stream);
  try {
    recorder.start();
  } catch (error) {
    if (error.name !== 'NotSupportedError') throw error;
    setInterval(redraw, 40);
    return Object.assign(video, { srcObject: stream });
  }
  recorder.ondataavailable = ({ data }) => chunks.push(data);
  const stopped = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  for (let i = 0; i < 12; i++) {
    redraw();
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  recorder.stop();
  await stopped;
  video.src = URL.createObjectURL(new Blob(chunks, { type: recorder.mimeType }));
  await new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(video.error?.message));
  });
  return video;
}

/** A short video of one picture, made by the browser itself; resolves when it shows a frame. */
export async function videoOf(source, width, height) {
  const video = await videoFrom(draw(document.createElement('canvas'), source, width, height), source);
  const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  await video.play(); // Chromium has no frame to give before
  await shown;
  video.pause();
  return video;
}

/** Whether the engine compiles relaxed SIMD: a function that swizzles a vector, with the loose rules for what is out of range. */
export const hasRelaxedSimd = () =>
  WebAssembly.validate(
    Uint8Array.from([
      ...[0, 97, 115, 109, 1, 0, 0, 0], // magic and version
      ...[1, 4, 1, 96, 0, 0], // type () -> ()
      ...[3, 2, 1, 0], // one function of it
      ...[10, 16, 1, 14, 0, 65, 0, 253, 15, 65, 0, 253, 15, 253, 128, 2, 26, 11], // splat, splat, relaxed_swizzle, drop
    ]),
  );

/** Whether a worker here gets the colors of a bitmap under transparent pixels: see web/browser/pixels.ts for the ways. */
export async function keepsColors() {
  const color = [10, 20, 30, 0];
  const image = new ImageData(Uint8ClampedArray.from(color), 1, 1);
  const bitmap = await createImageBitmap(image, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
  const frame = new VideoFrame(bitmap, { timestamp: 0 });
  const data = new Uint8Array(4);
  await frame.copyTo(data, { format: 'RGBA' }).catch(() => undefined);
  frame.close();
  return color.every((value, i) => data[i] === value) || new OffscreenCanvas(1, 1).getContext('webgl') !== null;
}
