// The page: what is there (site.json), the parts, and who listens to whom. Each part has a file of its own.
import { askedFor, keepAddress } from './address.js';
import { createCamera } from './camera.js';
import { createClassList } from './class-list.js';
import { createCompare } from './compare.js';
import { isolate } from './dist/isolation.js';
import { createFactsView } from './facts-view.js';
import { firstLook, repeatOnceReady } from './first-look.js';
import { createGallery, sampleAddress } from './gallery.js';
import { listenForPictures } from './inputs.js';
import { knowledgeOf } from './knowledge.js';
import { createMeasure, showPeers } from './measure.js';
import { createNetwork, startUnasked } from './network.js';
import { keepOffline } from './offline.js';
import { createPictures } from './pictures.js';
import { connectSnippet, createShare } from './share.js';
import { createSimilar } from './similar.js';
import { readSite } from './site.js';
import { offerSmall, preferred } from './slow-line.js';
import { lookAtDevice } from './small-device.js';
import { createStore, initialState } from './state.js';
import { createVariants } from './variants.js';
import { $, connectCamera, showViews } from './views.js';

function connectInputs(store, pictures, camera) {
  const onFiles = (files) => {
    camera.stop();
    pictures.takeFirst(files);
  };
  const onAddress = (address) => {
    camera.stop();
    pictures.takeAddress(address);
  };
  const onNothing = (notice) => store.update({ notice });
  listenForPictures({ input: $('file'), zone: $('photo'), onFiles, onAddress, onNothing });

  connectCamera(store, camera, pictures.clear);
}

/** @returns {(samples: object[]) => void} shows these samples in place of others */
function connectGallery(store, pictures, camera) {
  let mark = () => {};
  store.subscribe(({ picture }) => {
    mark(picture?.sample ?? '');
    $('remark').textContent = picture?.remark ?? '';
  });
  return (samples) => {
    $('samples').hidden = samples.length === 0;
    mark = createGallery($('gallery'), samples, (sample, address) => {
      camera.stop();
      pictures.takeSample(sample, address);
    });
  };
}

/** Measures with the shown picture, or with the first sample. */
function connectMeasure(store, chosen) {
  const elements = { button: $('measure-button'), status: $('measure-status'), table: $('measure-table') };
  const file = async () => {
    const { picture } = store.state;
    if (picture !== null && typeof picture.file !== 'string') return picture.file;
    const [sample] = chosen().samples;
    if (picture === null && sample === undefined) return undefined;
    return (await fetch(picture?.file ?? sampleAddress(sample))).blob();
  };
  createMeasure(elements, { weights: () => chosen().name, file });
  showPeers($('peers-table'));
}

/** Shows what the page's address asks for, where there is such a thing. */
async function showAsked(asked, { store, pictures, explainer, samples }) {
  const sample = samples.find(({ file }) => file === asked.sample);
  if (sample !== undefined) await pictures.takeSample(sample, sampleAddress(sample));
  else if (/^https:\/\//.test(asked.picture ?? '')) await pictures.takeAddress(asked.picture);
  else return;
  const guess = store.state.result?.guesses.find(({ label }) => label === asked.class);
  if (guess !== undefined) explainer.toggle(guess);
}

/** What the page says of a network, and the snippet that loads it. */
function showWords(network) {
  $('knows').textContent = knowledgeOf(network);
  $('snippet').textContent = $('snippet').textContent.replace(/weights: '.*'/, `weights: '${network.name}'`);
}

/**
 * The choice of a network, by hand or because the line is slow.
 * @param first the network that is chosen already
 * @param {{ shows: ((network: object) => void)[] }} parts `shows` are told of it, and of each that is chosen afterwards
 * @returns {() => object} the chosen one
 */
function connectNetworks(store, networks, first, { network, pictures, camera, shows }) {
  let chosen;
  const show = (other) => {
    chosen = other;
    for (const one of shows) one(other);
  };
  const choose = (other) => {
    camera.stop();
    network.choose(other.name);
    show(other);
    pictures.again();
  };
  show(first);
  const showChoice = createVariants({ box: $('variants'), select: $('variant') }, networks, choose);
  showChoice(first);
  const chooseSmall = (small) => {
    showChoice(small);
    choose(small);
    $('panel-title').focus(); // the button vanishes
  };
  const elements = { box: $('small'), button: $('small-button') };
  offerSmall(store, elements, networks, { chosen: () => chosen, choose: chooseSmall });
  return () => chosen;
}

async function start() {
  const store = createStore(initialState());
  const site = await readSite();
  if (site.isolationWorker && (await isolate())) return;
  keepOffline(store, site.offlineWorker, $('offline'));
  const asked = askedFor();
  const usual = preferred(site.networks, navigator.connection);
  const first = site.networks.find(({ name }) => name === asked.network) ?? usual;
  const device = lookAtDevice();
  const network = createNetwork(store, first.name, device.options);
  const pictures = createPictures(store, network);
  const explainer = showViews(store, pictures, network);
  store.subscribe(createFactsView({ section: $('facts'), list: $('facts-list'), why: $('facts-why') }));
  const comparison = { select: $('compare-with'), status: $('compare-status'), views: $('compare-views') };
  const compare = createCompare(store, network, comparison, site.networks);
  const camera = createCamera(store, network, $('photo-video'), compare.watch);
  connectInputs(store, pictures, camera);
  const showSamples = connectGallery(store, pictures, camera);
  const classList = { box: $('classes-box'), search: $('classes-search'), list: $('classes-list') };
  const showClasses = createClassList({ ...classList, count: $('classes-count') });
  const shows = [compare.offer, ({ samples }) => showSamples(samples), ({ labels }) => showClasses(labels), showWords];
  const chosen = connectNetworks(store, site.networks, first, { network, pictures, camera, shows });
  connectMeasure(store, chosen);
  const similar = { input: $('similar-files'), list: $('similar-list') };
  createSimilar({ ...similar, status: $('similar-status'), notice: $('similar-notice') }, network);
  const parts = { box: $('share'), copy: $('copy'), save: $('save'), send: $('send'), status: $('share-status') };
  createShare(store, { ...parts, image: $('photo-image'), map: $('photo-heat') });
  connectSnippet({ button: $('snippet-copy'), code: $('snippet'), status: $('snippet-status') });
  // A small network begins with what the one found that it stands for.
  const begun = [first.name, first.smallOf].includes(site.networks[0].name) ? site.networks[0].first : undefined;
  if (begun !== undefined && Object.keys(asked).length === 0) {
    const look = firstLook(begun);
    pictures.begin(look);
    repeatOnceReady(store, look.picture, { pictures, explainer });
  } else if (device.reason === '') showAsked(asked, { store, pictures, explainer, samples: first.samples });
  keepAddress(store, () => chosen().name, usual.name);
  startUnasked(store, network, device);
  document.documentElement.dataset.ready = '';
}

start();
