import { ResNet50 } from 'resnet50-wasm';

const $ = (selector) => document.querySelector(selector);
const show = (text) => ($('output').value = text);
const weights = 'CIFAR10_DEMO';
let model = await ResNet50.load({ weights });
$('button').disabled = false;
show('Choose ten photos or more of each class.');

/** Runs a handler, and shows the sentence of its error. */
const on = (selector, event, handler) =>
  $(selector).addEventListener(event, () => handler().catch(({ message }) => show(message)));

on('button', 'click', async () => {
  const examples = ['first', 'second'].flatMap((id) =>
    Array.from($(`#${id}`).files, (image) => ({ image, label: $(`[name=${id}]`).value })),
  );
  const report = await model.fit(examples, {
    onProgress: ({ phase, done, total }) => {
      if (phase === 'embedding') show(`${done} of ${total} photos`);
    },
  });
  const { accuracy } = report.heldOut ?? report.trained;
  ready(`learned: ${Math.round(100 * accuracy)} % right`);
  $('a').href = URL.createObjectURL(new Blob([await model.save()]));
  $('a').hidden = false;
});

on('#saved', 'change', async () => {
  await model.dispose();
  model = await ResNet50.load({ weights, head: $('#saved').files[0] });
  ready('opened');
});

on('#photo', 'change', async () => {
  const [best] = await model.classify($('#photo').files[0]);
  show(`${best.label} ${(100 * best.score).toFixed(1)} %`);
});

function ready(text) {
  $('#photo').disabled = false;
  show(text);
}
