// Training: when its button is pressed, and by itself when pictures or names have changed and rest; what is missing before it can
// begin, progress, stop, and earlier results loaded back.
import { percent } from './format.js';
import { trainingSentence } from './sentences.js';

/** Changes that rest for this long are learnt; milliseconds. */
const REST = 300;
/** Training that nobody asked for shows its progress only where it takes longer; milliseconds. */
const PATIENCE = 600;

/** Why training was ended. */
const STOPPED = 'the visitor stopped it';
const OUTDATED = 'something has changed';

/** What has to be put right first, as a sentence; empty where nothing has. */
function missing(classes) {
  const unnamed = classes.find(({ name }) => name === '');
  if (unnamed !== undefined) return 'A class has no name: give each one.';
  const twice = classes.find(({ name }, i) => classes.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) return `Two classes are called “${twice.name}”: give each a name of its own.`;
  const empty = classes.find(({ pictures }) => pictures.length === 0);
  return empty === undefined ? '' : `“${empty.name}” has no pictures: add some, or remove the class.`;
}

const haveSame = (a, b, isSame) => a.length === b.length && a.every((one, i) => isSame(one, b[i]));
const areSame = (classes, others) =>
  haveSame(
    classes,
    others,
    (one, other) => one.name === other.name && haveSame(one.pictures, other.pictures, (p, q) => p === q),
  );

/** Embeddings of all pictures, with their classes; `onLook` is called after each, `embed` makes one. */
async function collect(classes, { signal, embed, onLook }) {
  const examples = [];
  for (const { name, pictures } of classes) {
    for (const picture of pictures) {
      const embedding = await embed(picture);
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
  if (method === 'knn')
    return `Done ${time}. With so few pictures, the most similar of the ${examples.trained} decide.`;
  if (heldOut === null)
    return `Trained on ${examples.trained} pictures ${time}: ${percent(trained.accuracy)} of them right.`;
  return `Trained on ${examples.trained} pictures ${time}: of ${examples.heldOut} it had not seen, ${percent(heldOut.accuracy)} right.`;
}

/**
 * @param elements button, box (with a progress), text, stop, result, notice, input
 * @param {{ network: object, classes: object, onResult: (result: { model: object, examples: object[], asked: boolean }) => unknown }} parts
 *   `onResult` is called when the network has learnt something; `asked` tells whether the visitor waits for it
 */
export function createTraining(elements, { network, classes, onResult }) {
  const { button, box, text, stop, result, notice, input } = elements;
  const bar = box.querySelector('progress');
  /** Of the training that runs, or of the last one. */
  let abort = new AbortController();
  /** Classes that are being learnt, and those of the last result. */
  let [learning, learnt] = [[], []];
  let resting;

  function say(where, words) {
    where.textContent = words;
    if (where === notice) notice.hidden = words === '';
  }

  function show(words, share) {
    say(text, words);
    if (share === undefined) bar.removeAttribute('value');
    else bar.value = share;
  }

  async function train(all, signal, asked) {
    const total = all.reduce((sum, { pictures }) => sum + pictures.length, 0);
    show(`Looking at ${total} pictures`, 0);
    const examples = await collect(all, {
      signal,
      // A network that could not be loaded is loaded again where the visitor asks.
      embed: async (picture) => (await picture.vector) ?? (asked ? picture.again() : undefined),
      onLook: (done) => show(`Looking at picture ${done} of ${total}`, done / total),
    });
    if (!asked && all.some(({ name }) => examples.every(({ label }) => label !== name))) return;
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
    const seconds = (performance.now() - begun) / 1000;
    learnt = all;
    await onResult({ model, examples, asked });
    say(result, sentence(report, seconds));
  }

  /** @param {boolean} asked by the visitor, who is led to the result */
  async function run(all, asked) {
    abort.abort(OUTDATED);
    clearTimeout(resting);
    const mine = new AbortController();
    [abort, learning] = [mine, all];
    button.disabled = asked;
    box.hidden = !asked;
    const showing = setTimeout(() => {
      box.hidden = abort !== mine;
    }, PATIENCE);
    try {
      await train(all, mine.signal, asked);
    } catch (error) {
      if (mine.signal.reason === STOPPED) say(result, 'Training was stopped.');
      else if (!mine.signal.aborted) say(notice, trainingSentence(error));
    } finally {
      clearTimeout(showing);
      if (mine === abort) end();
    }
  }

  function end() {
    const hadFocus = document.activeElement === stop;
    learning = [];
    box.hidden = true;
    button.disabled = false;
    if (hadFocus) button.focus();
  }

  /** What has changed is learnt once it rests. */
  function settle() {
    clearTimeout(resting);
    resting = setTimeout(() => {
      if (classes.areBusy) return; // until it settles, which leads here again
      const all = classes.all;
      if (missing(all) === '' && !areSame(all, learning) && !areSame(all, learnt)) run(all, false);
    }, REST);
  }

  button.addEventListener('click', async () => {
    const all = classes.all;
    say(notice, missing(all));
    if (!notice.hidden) return;
    say(result, '');
    await run(all, true);
  });
  stop.addEventListener('click', () => abort.abort(STOPPED));

  input.addEventListener('change', async () => {
    const [chosen] = input.files;
    input.value = '';
    if (chosen === undefined) return;
    abort.abort(OUTDATED);
    say(notice, '');
    try {
      const model = await network.replace({ head: chosen });
      const names = model.weights.categories.map(({ label }) => label);
      classes.show(names);
      learnt = classes.all;
      await onResult({ model, examples: [], asked: true });
      say(result, `It knows ${names.join(', ')}. To train again, add pictures: the result does not hold them.`);
    } catch (error) {
      say(notice, trainingSentence(error, chosen.name));
    }
  });

  return {
    /** Names or pictures have changed: what was said of them is forgotten, and what runs is ended. */
    change() {
      say(notice, '');
      abort.abort(OUTDATED);
      settle();
    },
    settle,
  };
}
