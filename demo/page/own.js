// The page for one's own network: files, conversion, report, download, and trying it out with the parts of the main page.
import { createCamera } from './camera.js';
import { isolate } from './dist/isolation.js';
import { listenForPictures } from './inputs.js';
import { createNetwork } from './network.js';
import { keepOffline } from './offline.js';
import { createConversion } from './own-conversion.js';
import { createFiles, kindOf } from './own-files.js';
import { createReport } from './own-report.js';
import { deviceSentence, readmeFor, snippetFor } from './own-sentences.js';
import { bringIntoView } from './photo-view.js';
import { createPictures } from './pictures.js';
import { connectSnippet, download } from './share.js';
import { readSite } from './site.js';
import { createStore, initialState } from './state.js';
import { $, connectCamera, showViews } from './views.js';
import { zip } from './zip.js';

/** Whether this is a phone or a tablet; iPads call themselves Macs. */
const isHandheld = () =>
  /iPhone|iPad|iPod|Android/.test(navigator.userAgent) ||
  (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

function showDevice() {
  const sentence = deviceSentence({ memory: navigator.deviceMemory, handheld: isHandheld() });
  $('device').textContent = sentence;
  $('device').hidden = sentence === '';
}

/** Whether there is something to try pictures on. */
const hasTrial = () => !$('trial').hidden;

/** Where something that is dragged over the page would go. */
const zone = {
  toggleAttribute: (name, on) => $(hasTrial() ? 'photo' : 'own-drop').toggleAttribute(name, on),
};

function connectInputs(store, files, pictures, camera) {
  const onTrial = (act) => (input) => {
    if (!hasTrial()) return;
    camera.stop();
    act(input);
  };
  listenForPictures({
    ...{ input: $('file'), zone },
    onFiles(added) {
      // Once there is a network, pictures are to be tried; before, they belong to the conversion.
      const tried = hasTrial() ? added.filter((file) => kindOf(file) === 'photo') : [];
      if (tried.length > 0) onTrial(pictures.takeFirst)(tried);
      const rest = added.filter((file) => !tried.includes(file));
      if (rest.length > 0) files.take(rest);
    },
    onAddress: onTrial(pictures.takeAddress),
    onNothing: onTrial((notice) => store.update({ notice })),
  });
  connectCamera(store, camera, pictures.clear);
}

/** The buttons that give what was made away. @returns {{ offer: (made: object) => void, saved: () => boolean }} */
function connectDownload() {
  let made;
  let saved = true;
  $('own-download').addEventListener('click', () => {
    const { manifest, files } = made;
    const readme = new TextEncoder().encode(readmeFor(manifest));
    const all = [['README.txt', readme], ...files].map(([name, bytes]) => [`${manifest.name}/${name}`, bytes]);
    download(zip(all), `${manifest.name}.zip`);
    saved = true;
  });
  connectSnippet({ button: $('snippet-copy'), code: $('snippet'), status: $('snippet-status') });
  return {
    offer(next) {
      made = next;
      saved = false;
      $('snippet').textContent = snippetFor(made.manifest.name);
    },
    saved: () => saved,
  };
}

async function start() {
  showDevice();
  const store = createStore(initialState());
  const site = await readSite();
  if (site.isolationWorker && (await isolate())) return;
  const network = createNetwork(store, site.networks[0].name);
  const pictures = createPictures(store, network);
  showViews(store, pictures, network);
  keepOffline(store, site.offlineWorker, $('offline'));
  const camera = createCamera(store, network, $('photo-video'));
  const files = createFiles(
    { input: $('own-file'), list: $('own-files'), clear: $('own-clear'), notice: $('own-notice') },
    ({ photos }) => {
      $('own-use-box').hidden = photos.length === 0;
    },
  );
  connectInputs(store, files, pictures, camera);
  const report = createReport({
    ...{ box: $('report'), facts: $('report-facts'), warnings: $('report-warnings'), comparison: $('comparison') },
    ...{ summary: $('comparison-summary'), rows: $('comparison-rows') },
  });
  const result = connectDownload();
  const elements = {
    ...{ button: $('convert'), box: $('conversion'), text: $('conversion-text'), stop: $('conversion-stop') },
    ...{ result: $('conversion-result'), notice: $('conversion-notice') },
  };
  const conversion = createConversion(elements, {
    files,
    choices: () => ({ transforms: $('own-transforms').value, care: $('own-care').value, use: $('own-use').value }),
    onBegin() {
      camera.stop();
      report.hide();
      for (const id of ['trial', 'trial-results']) $(id).hidden = true;
    },
    async onMade(all) {
      result.offer(all.made);
      report.show(all);
      pictures.clear();
      store.update({ info: null }); // that of the next picture
      if (all.made.manifest.head !== 'none') {
        await network.replace({ weights: all.made });
        for (const id of ['trial', 'trial-results']) $(id).hidden = false;
      }
      bringIntoView($('report'));
      $('report-title').focus({ preventScroll: true });
    },
  });
  addEventListener('beforeunload', (event) => {
    if (conversion.busy || !result.saved()) event.preventDefault(); // the browser asks
  });
  document.documentElement.dataset.ready = '';
}

start();
