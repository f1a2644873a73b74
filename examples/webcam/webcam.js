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

/** The newest frame again and again, until the signal is aborted; frames that come meanwhile are dropped. */
async function watch(model, signal) {
  const show = ({ classes: [best], milliseconds }) => {
    output.value = `${best.label} ${(100 * best.score).toFixed(0)} % (${Math.round(milliseconds)} ms)`;
  };
  await model.watch(video, show, { signal });
}
