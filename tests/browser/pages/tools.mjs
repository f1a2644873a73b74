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

/** A short video of one picture, made by the browser itself; resolves when it shows a frame. */
export async function videoOf(source, width, height) {
  const canvas = draw(document.createElement('canvas'), source, width, height);
  const recorder = new MediaRecorder(canvas.captureStream(30));
  const chunks = [];
  recorder.ondataavailable = ({ data }) => chunks.push(data);
  const stopped = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  recorder.start();
  for (let i = 0; i < 12; i++) {
    canvas.getContext('2d').drawImage(source, 0, 0);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  recorder.stop();
  await stopped;
  const video = document.createElement('video');
  video.muted = true;
  video.src = URL.createObjectURL(new Blob(chunks, { type: recorder.mimeType }));
  await new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(video.error?.message));
  });
  const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  await video.play(); // Chromium has no frame to give before
  await shown;
  video.pause();
  return video;
}
