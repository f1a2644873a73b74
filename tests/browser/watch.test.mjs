// model.watch: a video classified as it plays, in every browser that can make a stream of a canvas. CIFAR10_DEMO's weights.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BROWSERS, browserMissing } from '../support/browsers.mjs';
import { stage } from '../support/stage.mjs';
import { LIMIT } from '../support/wait.mjs';

for (const name of BROWSERS.filter((one) => one !== 'webkit')) {
  describe(`${name}: a video as it plays`, { skip: browserMissing(name) }, () => {
    const pages = stage(name, { csp: undefined });

    /** Runs `use(model, video, picture)` in a page, with a video that shows what `picture(address)` draws. */
    const inPage = (use, ...args) =>
      pages.open((page) =>
        page.evaluate(
          async (source, args) => {
            const { ResNet50 } = await import('/package/dist/index.js');
            const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 96 });
            const context = canvas.getContext('2d');
            let image;
            const draw = () => {
              if (image) context.drawImage(image, 0, 0, 96, 96);
              context.fillRect(0, 0, 1, 1); // something new, so that there is a new frame
            };
            const timer = setInterval(draw, 20);
            const picture = async (address) => {
              image = await createImageBitmap(await (await fetch(address)).blob());
              draw();
            };
            const video = document.createElement('video');
            Object.assign(video, { muted: true, srcObject: canvas.captureStream(50) });
            document.body.append(video);
            const model = await ResNet50.load({ weights: '/package/weights/CIFAR10_DEMO/' });
            try {
              // biome-ignore lint/security/noGlobalEval: the page's part of a test
              return await eval(`(${source})`)({ model, video, picture, ResNet50 }, ...args);
            } finally {
              clearInterval(timer);
              await model.dispose();
            }
          },
          String(use),
          args,
        ),
      );

    test('the newest frame each time, until the signal is aborted; then other calls go on', LIMIT, async () => {
      const seen = await inPage(async ({ model, video, picture }) => {
        const abort = new AbortController();
        await picture('/cifar10/cargo-ship.jpg');
        const labels = [];
        const results = [];
        const watching = model.watch(
          video,
          async (result) => {
            results.push(result);
            const [{ label }] = result.classes;
            if (labels.at(-1) !== label) labels.push(label);
            if (results.length === 3) await picture('/cifar10/horse.jpg');
            if (label === 'horse' && results.length > 8) abort.abort();
          },
          { signal: abort.signal, topK: 2 },
        );
        await new Promise((resolve) => setTimeout(resolve, 100)); // it waits for the first frame
        await video.play();
        await watching;
        const [{ label }] = await model.classify('/cifar10/cargo-ship.jpg');
        const { classes, milliseconds, framesPerSecond } = results.at(-1);
        const [first] = results;
        return { labels, label, classes: classes.length, milliseconds, framesPerSecond, first: first.framesPerSecond };
      });
      assert.ok(seen.labels.includes('ship'), seen.labels.join()); // not the first: a stream may begin with nothing
      assert.deepEqual([seen.labels.at(-1), seen.label], ['horse', 'ship']);
      assert.equal(seen.classes, 2);
      assert.ok(seen.milliseconds > 0 && seen.framesPerSecond > 0, JSON.stringify(seen));
      assert.equal(seen.first ?? undefined, undefined);
    });

    test('ends with dispose(), and where it is aborted before it began', LIMIT, async () => {
      const counts = await inPage(async ({ model, video, picture, ResNet50 }) => {
        await picture('/cifar10/horse.jpg');
        await video.play();
        let none = 0;
        await model.watch(video, () => none++, { signal: AbortSignal.abort() });
        const other = await ResNet50.load({ weights: '/package/weights/CIFAR10_DEMO/' });
        let some = 0;
        await other.watch(video, () => {
          some++;
          if (some === 2) other.dispose();
        });
        return { none, some };
      });
      assert.deepEqual(counts, { none: 0, some: 2 });
    });

    test('errors: what is no video, no function, an unknown option, and what the caller throws', LIMIT, async () => {
      const messages = await inPage(async ({ model, video, picture }) => {
        await picture('/cifar10/horse.jpg');
        await video.play();
        const message = (...args) => model.watch(...args).then(String, (error) => `${error.code}: ${error.message}`);
        const thrown = () => {
          throw new Error('enough');
        };
        return [
          await message(document.createElement('img'), () => {}),
          await message(video),
          await message(video, () => {}, { topk: 1 }),
          await message(video, thrown),
        ];
      });
      assert.match(messages[0], /^INVALID_ARGUMENT: video must be a <video> element/);
      assert.match(messages[1], /^INVALID_ARGUMENT: onResult must be a function/);
      assert.match(messages[2], /^INVALID_ARGUMENT: .*topk.*topK/);
      assert.match(messages[3], /enough/);
    });
  });
}
