import { ResNet50 } from 'resnet50-wasm';

const video = document.querySelector('video');
const button = document.querySelector('button');
const output = document.querySelector('output');
const loading = ResNet50.load({ weights: 'CIFAR10_DEMO' });
let controller; // of the loop that runs

button.addEventListener('click', () => (controller ? controller.abort() : start()));

async function start() {
  controller = new AbortController();
  button.textContent = 'Stop';
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    video.srcObject = stream;
    await video.play();
    await watch(await loading, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) output.value = error.message; // no camera, no permission, no weights
  } finally {
    for (const track of stream?.getTracks() ?? []) track.stop();
    controller = undefined;
    button.textContent = 'Start';
  }
}

/** One frame after the other: the next is taken when the last is understood, so that none pile up. */
async function watch(model, signal) {
  while (!signal.aborted) {
    const begun = performance.now();
    const [best] = await model.classify(video, { signal });
    const milliseconds = Math.round(performance.now() - begun);
    output.value = `${best.label} ${(100 * best.score).toFixed(0)} % (${milliseconds} ms)`;
    await new Promise(requestAnimationFrame); // hidden pages have no frames: the loop rests
  }
}
