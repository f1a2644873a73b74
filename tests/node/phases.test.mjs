// Phases of a conversion: in order, never backwards, with a time left that the pace so far makes true.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const WORK = { precisions: ['int8', 'f32'], images: 64, generated: true, matchBatchNorm: true, evaluate: true };

async function follow(work) {
  const { Phases, atShare } = await importSource('conversion/phases.ts');
  const events = [];
  const clock = { now: 0 };
  const phases = new Phases(
    work,
    (event) => events.push(event),
    () => clock.now,
  );
  return { phases, atShare, events, clock };
}

/** What a conversion reports, in its order. */
function convert({ phases, atShare, clock }, { images, precisions }) {
  const tick = (phase, done, total) => {
    clock.now += 1000;
    phases.at(phase, done, total);
  };
  tick('read', 0, 1);
  tick('read', 1, 1);
  for (let i = 1; i <= images; i++) tick('calibrate', i, images);
  tick('match', 0, 1);
  for (let step = 0; step <= 80; step++) {
    clock.now += 1000;
    atShare(phases, step / 80, images);
  }
  for (const precision of precisions) for (let i = 1; i <= 9; i++) tick(`write-${precision}`, i, 9);
  for (let i = 1; i <= 20; i++) tick('evaluate', i, 20);
}

test('all phases in order; the fraction never falls, and ends at 1 with nothing left', async () => {
  const followed = await follow(WORK);
  convert(followed, WORK);
  const { events } = followed;
  const order = events.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]);
  assert.deepEqual(order, [
    ...['read', 'calibrate', 'match', 'observe', 'quantize', 'write-int8', 'write-f32', 'evaluate'],
  ]);
  for (const [i, { fraction, done, total }] of events.entries()) {
    assert.ok(fraction >= (events[i - 1]?.fraction ?? 0) && fraction <= 1, `event ${i}: ${fraction}`);
    assert.ok(done <= total && Number.isInteger(done), `event ${i}: ${done} of ${total}`);
  }
  assert.equal(events[0].secondsLeft, undefined, 'nothing is known yet');
  assert.deepEqual([events.at(-1).fraction, events.at(-1).secondsLeft], [1, 0]);
  assert.ok(events.slice(3, -1).every(({ secondsLeft }) => secondsLeft > 0));
});

test('rounding to nearest is a smaller part of the whole', async () => {
  const shareOf = async (nearest) => {
    const { phases, events } = await follow({ ...WORK, nearest });
    phases.at('quantize', 72, 72);
    phases.at('write-int8', 0, 9);
    return events.at(-1).fraction;
  };
  assert.ok((await shareOf(true)) < (await shareOf(false)));
});

test('what a conversion does not do is no phase of it', async () => {
  const work = { ...WORK, precisions: ['f32'], evaluate: false };
  const followed = await follow(work);
  convert(followed, work);
  const seen = [...new Set(followed.events.map(({ phase }) => phase))];
  assert.deepEqual(seen, ['read', 'write-f32']);
  assert.equal(followed.events.at(-1).fraction, 1);
  const photos = await follow({ ...WORK, generated: false });
  convert(photos, WORK);
  assert.ok(photos.events.every(({ phase }) => phase !== 'match'));
});

test('time left: the pace so far for what is left', async () => {
  const { phases, events, clock } = await follow({ ...WORK, precisions: ['f32'], evaluate: false });
  phases.at('read', 1, 1);
  clock.now = 10_000;
  phases.at('write-f32', 14, 28);
  const { fraction, secondsLeft } = events.at(-1);
  assert.ok(fraction > 0.5 && fraction < 1);
  assert.ok(Math.abs(secondsLeft - (10 * (1 - fraction)) / fraction) < 1e-9);
});

test('in words: what is done, how much of it, how long the rest takes', async () => {
  const { phaseText, conversionView } = await importSource('cli/phases.ts');
  const event = { phase: 'quantize', done: 12, total: 72, fraction: 0.6, secondsLeft: 65 };
  assert.equal(phaseText(event), 'quantizing, 12 of 72 layers, about 1:05 left');
  const quiet = { phase: 'match', done: 0, total: 1, fraction: 0, secondsLeft: undefined };
  assert.equal(phaseText(quiet), 'matching batch norm');
  const drawn = [];
  const view = conversionView('mine', { isTTY: true, write: (text) => drawn.push(text) });
  view.show({ ...event, phase: 'calibrate' });
  view.show({ ...event, done: 13 });
  assert.match(drawn.at(-1), /mine .* 60% {2}quantizing, 13 of 72/, 'a new phase is drawn at once');
});
