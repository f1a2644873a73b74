// The extension's background: a service worker, so the package's './static' entry. Answers one question.
import { ResNet50 } from './package/dist/static.js';

chrome.runtime.onMessage.addListener(({ origin }, _sender, answer) => {
  (async () => {
    const model = await ResNet50.load({ weights: 'pqf', weightsUrl: `${origin}/weights/` });
    const [best] = await model.classify(`${origin}/pictures/clock.jpg`);
    const { threads, worker } = model.info();
    await model.dispose();
    answer({ label: best.label, threads, worker });
  })().catch((error) => answer({ error: `${error.code} ${error.message}` }));
  return true;
});
