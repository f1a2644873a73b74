// Training: what is missing before it can begin, progress, stop, the result as a file, and earlier results loaded back.
import { percent } from './format.js';
import { trainingSentence } from './sentences.js';

/** What has to be put right first, as a sentence; empty where nothing has. */
function missing(classes) {
  const unnamed = classes.find(({ name }) => name === '');
  if (unnamed !== undefined) return 'A class has no name: give each one.';
  const twice = classes.find(({ name }, i) => classes.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) return `Two classes are called “${twice.name}”: give each a name of its own.`;
  const empty = classes.find(({ pictures }) => pictures.length === 0);
  return empty === undefined ? '' : `“${empty.name}” has no pictures: add some, or remove the class.`;
}

/** Embeddings of all pictures, with their classes; `onLook` is called after each. */
async function collect(classes, signal, onLook) {
  const examples = [];
  for (const { name, pictures } of classes) {
    for (const picture of pictures) {
      const embedding = (await picture.vector) ?? (await picture.again());
      signal.throwIfAborted();
      if (embedding !== undefined) examples.push({ label: name, embedding });
      onLook(examples.length);
    }
  }
  return examples;
}

const few = (classes) => Math.min(...classes.map(({ pictures }) => pictures.length)) < 3;

function sentence({ method, examples, trained, heldOut }, seconds) {
  const time = `in ${seconds < 0.1 ? 'less than 0.1' : seconds.toFixed(1)} s`;
  if (method === 'knn') return `Done ${time}: with so few pictures, the most alike of ${examples.trained} decide.`;
  if (heldOut === null)
    return `Trained on ${examples.trained} pictures ${time}: ${percent(trained.accuracy)} of them right.`;
  return `Trained on ${examples.trained} pictures ${time}: of ${examples.heldOut} it had not seen, ${percent(heldOut.accuracy)} right.`;
}

/**
 * @param elements button, box (with a progress), text, stop, result, notice, download, input
 * @param {{ network: object, classes: object, onTrained: () => void }} parts
 */
export function createTraining(elements, { network, classes, onTrained }) {
  const { button, box, text, stop, result, notice, download, input } = elements;
  const bar = box.querySelector('progress');
  let abort;
  /** The last result. */
  let file;

  function say(where, words) {
    where.textContent = words;
    if (where === notice) notice.hidden = words === '';
  }

  function show(words, share) {
    say(text, words);
    if (share === undefined) bar.removeAttribute('value');
    else bar.value = share;
  }

  async function offer(model) {
    const bytes = await model.save();
    file = new Blob([bytes], { type: 'application/octet-stream' });
    download.hidden = false;
  }

  async function train(all, signal) {
    const total = all.reduce((sum, { pictures }) => sum + pictures.length, 0);
    show(`Looking at ${total} pictures`, 0);
    const examples = await collect(all, signal, (done) => show(`Looking at picture ${done} of ${total}`, done / total));
    const model = await network.start();
    signal.throwIfAborted();
    if (model === undefined) return;
    const begun = performance.now();
    const report = await model.fit(examples, {
      ...{ classes: all.map(({ name }) => name), signal, method: few(all) ? 'knn' : 'head' },
      onProgress(event) {
        if (event.phase === 'training') show(`Training: ${percent(event.trained.accuracy)} right`);
      },
    });
    await offer(model);
    say(result, sentence(report, (performance.now() - begun) / 1000));
    onTrained();
  }

  button.addEventListener('click', async () => {
    const all = classes.all;
    say(notice, missing(all));
    if (!notice.hidden) return;
    abort = new AbortController();
    say(result, '');
    box.hidden = false;
    button.disabled = true;
    try {
      await train(all, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) say(result, 'Training was stopped.');
      else say(notice, trainingSentence(error));
    } finally {
      const hadFocus = document.activeElement === stop;
      box.hidden = true;
      button.disabled = false;
      if (hadFocus) button.focus();
    }
  });
  stop.addEventListener('click', () => abort?.abort());
  download.addEventListener('click', () => {
    const href = URL.createObjectURL(file);
    Object.assign(document.createElement('a'), { href, download: 'head.safetensors' }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser may ask first where to put it
  });

  input.addEventListener('change', async () => {
    const [chosen] = input.files;
    input.value = '';
    if (chosen === undefined) return;
    say(notice, '');
    try {
      const model = await network.replace({ head: chosen });
      await offer(model);
      const names = model.weights.categories.map(({ label }) => label);
      classes.show(names);
      say(result, `It knows ${names.join(', ')}. To train again, add pictures: the result does not hold them.`);
      onTrained();
    } catch (error) {
      say(notice, trainingSentence(error, chosen.name));
    }
  });

  return {
    /** Forgets what was said of classes that have changed since. */
    forget() {
      say(notice, '');
    },
  };
}
