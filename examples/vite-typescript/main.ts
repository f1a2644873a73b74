import { type ProgressEvent, ResNet50, ResNet50Error } from 'resnet50-wasm';

const input = document.querySelector('input') as HTMLInputElement;
const status = document.querySelector('p') as HTMLElement;
const list = document.querySelector('ol') as HTMLElement;

function showProgress({ phase, loaded, total }: ProgressEvent): void {
  if (phase === 'weights') status.textContent = `Loading: ${Math.round((100 * loaded) / total)} %`;
}

/** Errors of the package are sentences that say what to do. */
function showError(error: unknown): void {
  status.textContent = error instanceof ResNet50Error ? `${error.code}: ${error.message}` : String(error);
}

async function start(): Promise<void> {
  const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', weightsUrl: '/weights/', onProgress: showProgress });
  const { threads } = model.info();
  status.textContent = `Ready with ${threads === 1 ? 'one thread' : `${threads} threads`}: choose a photo.`;
  input.disabled = false;
  input.addEventListener('change', async () => {
    const [file] = input.files ?? [];
    if (file === undefined) return;
    list.replaceChildren();
    try {
      const classes = await model.classify(file, { topK: 3 });
      status.textContent = file.name;
      list.append(...classes.map(({ label, score }) => item(`${label} ${(100 * score).toFixed(1)} %`)));
    } catch (error) {
      showError(error); // for example NOT_AN_IMAGE; the model goes on
    }
  });
}

const item = (text: string): HTMLLIElement => Object.assign(document.createElement('li'), { textContent: text });

start().catch(showError);
